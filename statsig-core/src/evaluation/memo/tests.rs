use super::*;
use crate::entity_kind::EntityKind;
use crate::specs::compiled::{Dependencies, Entry};
use crate::specs::symbols::Symbol;

fn key(fingerprint: u64) -> Key {
    Key {
        fingerprint,
        entry: EntryId(3),
        kind: EntityKind::Gate,
    }
}

fn evaluated(value: bool) -> Evaluation {
    Evaluation {
        value,
        ..Evaluation::default()
    }
}

fn specs() -> CompiledSpecs {
    let mut specs = CompiledSpecs::default();
    specs.entries.push(Entry {
        name: Symbol::EMPTY,
        is_segment: false,
        gate: None,
        config: None,
        layer: None,
        cmab: None,
        mapping: None,
        is_referred_to: false,
        dependencies: Dependencies::default(),
    });
    specs
}

fn value_of(memo: &Memo, key: Key, value_now: bool) -> bool {
    match memo.get(key) {
        Some(remembered) => remembered.value,
        None => {
            memo.add(key, &evaluated(value_now));
            value_now
        }
    }
}

#[test]
fn the_third_ask_is_answered_from_memory() {
    let memo = MemoHome::default().next(&specs());
    for _ in 0..2 {
        assert!(value_of(&memo, key(7), true));
    }
    assert!(value_of(&memo, key(7), false));
}

#[test]
fn nothing_is_allocated_for_users_before_there_are_specs() {
    let home = MemoHome::default();
    let memo = home.next(&CompiledSpecs::default());
    assert!(memo.slots.is_empty() && home.slots.get().is_none());
    assert!(value_of(&memo, key(7), true));
}

#[test]
fn hits_and_misses_are_counted_for_who_wants_to_know() {
    let counts = Arc::new(MemoCounts::default());
    let memo = MemoHome::counting(Some(Arc::clone(&counts))).next(&specs());
    for _ in 0..5 {
        value_of(&memo, key(7), true);
    }
    value_of(&memo, key(8), true);
    assert_eq!(counts.so_far(), (3, 3));
}

#[test]
fn another_user_or_kind_is_never_mistaken() {
    let memo = MemoHome::default().next(&specs());
    for _ in 0..3 {
        value_of(&memo, key(7), true);
    }
    let others = [
        key(8),
        Key {
            kind: EntityKind::Layer,
            ..key(7)
        },
        Key {
            entry: EntryId(4),
            ..key(7)
        },
    ];
    for other in others {
        assert!(!value_of(&memo, other, false));
    }
}

#[test]
fn generations_share_one_table_and_nothing_they_remember() {
    let home = MemoHome::default();
    let old = home.next(&specs());
    for _ in 0..3 {
        assert!(value_of(&old, key(7), true));
    }
    for new in [home.next(&specs()), home.next_with_same_specs(&old)] {
        assert!(Arc::ptr_eq(&old.slots, &new.slots));
        assert!(!value_of(&new, key(7), false));
        assert!(!value_of(&new, key(7), false));
        assert!(!value_of(&new, key(7), true), "remembered");
        // A reader that still holds the old generation evaluates with it.
        assert!(value_of(&old, key(7), true));
    }
}

#[test]
fn a_generation_is_dropped_with_a_few_evaluations_however_many_users_were_remembered() {
    let memo = MemoHome::default().next(&specs());
    for user in 0..5_000 {
        for _ in 0..3 {
            assert_eq!(value_of(&memo, key(user), user % 2 == 0), user % 2 == 0);
        }
    }
    let of_users = &memo.evaluations.of_users;
    assert!(of_users.get(1, EntryId(3), EntityKind::Gate).is_some());
    assert!(of_users.get(2, EntryId(3), EntityKind::Gate).is_none());
}

/// Many users share a few slots, so threads constantly write to the same slots.
#[test]
fn threads_that_write_the_same_slots_never_read_another_users_evaluation() {
    let home = MemoHome::default();
    let memo = home.next(&specs());
    let version = |user: u64| Some(user as u32 % 8);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let memo = &memo;
            scope.spawn(move || {
                for step in 0..60_000_u64 {
                    // Each user appears three times in a row. The order differs between threads.
                    let user = (step / 3 * (2 * thread + 1)) % 20_000;
                    match memo.get(key(user)) {
                        Some(found) => assert_eq!(found.version, version(user)),
                        None => memo.add(
                            key(user),
                            &Evaluation {
                                version: version(user),
                                ..Evaluation::default()
                            },
                        ),
                    }
                }
            });
        }
    });
}
