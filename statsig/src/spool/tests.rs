use std::fs;
use std::path::Path;

use super::*;
use crate::clock::SystemClock;

const KEY: &str = "secret-a";

fn open(directory: &Path) -> DiskSpool {
    open_with(directory, 64 * 1024 * 1024)
}

fn open_with(directory: &Path, max_bytes: u64) -> DiskSpool {
    DiskSpool::new(directory.to_owned(), KEY, max_bytes, Arc::new(SystemClock))
}

fn batch(events: u64, body: &str) -> SealedBatch {
    SealedBatch {
        first: 0,
        events,
        attempts: 1,
        is_urgent: false,
        sealed_at: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
        record: None,
    }
}

/// Stores these, and says how many events had to make room.
fn store(spool: &DiskSpool, batches: &[SealedBatch]) -> u64 {
    let stored = spool.store(batches);
    stored.outcome.unwrap();
    assert_eq!(stored.kept.len(), batches.len());
    stored.made_room
}

/// A file beside this segment that has the name of an older one.
fn older(segment: &Path) -> PathBuf {
    let name = segment.file_name().unwrap().to_str().unwrap();
    let (hash, rest) = name.split_once('-').unwrap();
    let (_, rest) = rest.split_once('-').unwrap();
    segment.with_file_name(format!("{hash}-1-{rest}"))
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Delivers everything that may be tried now, and says what it was.
fn drain(spool: &DiskSpool) -> Vec<String> {
    let loaded = std::iter::from_fn(|| spool.load(now()).batch);
    let bodies = loaded.map(|batch| {
        spool.settle(batch.record.unwrap());
        String::from_utf8(batch.body.to_vec()).unwrap()
    });
    bodies.collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_is_stored_is_found_by_the_next_process_and_once_settled_it_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/when/needed");
    let spool = open(&path);
    assert_eq!(spool.adopt().unwrap(), 0);
    store(&spool, &[batch(3, "one"), batch(4, "two")]);
    store(&spool, &[batch(5, "three")]);
    let taken = spool.load(now()).batch.unwrap();
    assert_eq!((taken.events, taken.attempts), (3, 1));
    spool.settle(taken.record.unwrap());
    drop(spool);

    let next = open(&path);
    assert_eq!(next.adopt().unwrap(), 9);
    assert_eq!(drain(&next), ["two", "three"]);
    assert!(files(&path).is_empty());
    drop(next);
    assert_eq!(open(&path).adopt().unwrap(), 0);
}

#[test]
fn a_write_that_was_cut_off_is_cut_and_the_rest_stays() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(3, "whole")]);
    drop(spool);
    let file = &files(directory.path())[0];
    let whole = fs::read(file).unwrap();
    for garbage in [&whole[8..20], b"\x01", b"\x01\xff\xff\xff\xff\0\0\0\0rest"] {
        fs::write(file, [&whole[..], garbage].concat()).unwrap();
        let spool = open(directory.path());
        assert_eq!(spool.adopt().unwrap(), 3);
        drop(spool);
        assert_eq!(fs::read(file).unwrap(), whole);
    }
    // Cut off before anything was whole: nothing of use.
    fs::write(file, &whole[..5]).unwrap();
    assert_eq!(open(directory.path()).adopt().unwrap(), 0);
    assert!(files(directory.path()).is_empty());
}

#[test]
fn processes_that_share_a_directory_leave_each_others_batches_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (open(directory.path()), open(directory.path()));
    store(&one, &[batch(1, "of one")]);
    store(&two, &[batch(1, "of two")]);
    assert_eq!((one.adopt().unwrap(), two.adopt().unwrap()), (0, 0));
    drop(one);
    assert_eq!(two.adopt().unwrap(), 1);
    assert_eq!(drain(&two).len(), 2);
}

#[test]
fn projects_are_kept_apart_and_the_key_is_in_no_file_name() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(1, "a")]);
    drop(spool);
    let clock = Arc::new(SystemClock);
    let other = DiskSpool::new(directory.path().to_owned(), "secret-b", 1 << 20, clock);
    assert_eq!(other.adopt().unwrap(), 0);
    let name = files(directory.path())[0].to_string_lossy().into_owned();
    assert!(!name.contains(KEY), "{name}");
}

#[test]
fn beyond_the_limit_the_oldest_segment_makes_room() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open_with(directory.path(), 3 * SEGMENT_BYTES);
    let large = "x".repeat(SEGMENT_BYTES as usize);
    let lost: Vec<u64> = (1..=5)
        .map(|events| store(&spool, &[batch(events, &large)]))
        .collect();
    // Two fit: each is a bit larger than a third of what is allowed.
    assert_eq!(lost, [0, 0, 1, 2, 3]);
    let bytes: u64 = files(directory.path())
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert!(bytes <= 3 * SEGMENT_BYTES, "{bytes}");
    assert_eq!(drain(&spool).len(), 2);
}

#[test]
fn what_fits_is_kept_and_the_rest_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open_with(directory.path(), 3 * SEGMENT_BYTES);
    let too_large = "x".repeat(3 * SEGMENT_BYTES as usize);
    let stored = spool.store(&[batch(1, "small"), batch(2, &too_large), batch(3, "last")]);
    let error = stored.outcome.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!((stored.kept.len(), stored.made_room), (1, 0));
    assert_eq!(drain(&spool), ["small"]);
    assert!(files(directory.path()).is_empty());
}

#[test]
fn more_than_fits_at_once_leaves_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    let max_bytes = SEGMENT_BYTES;
    let spool = open_with(directory.path(), max_bytes);
    let body = "x".repeat(100 * 1024);
    let batches: Vec<_> = (1..=16).map(|events| batch(events, &body)).collect();
    let lost = store(&spool, &batches);
    let left = std::iter::from_fn(|| spool.load(now()).batch);
    let left: Vec<u64> = left.map(|batch| batch.events).collect();
    // Two of them fill a segment, and segments go as a whole.
    assert_eq!(left, (7..=16).collect::<Vec<_>>());
    assert_eq!(lost, (1..=6).sum::<u64>());
    let bytes: u64 = files(directory.path())
        .iter()
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert!(bytes <= max_bytes, "{bytes}");
}

#[test]
fn adopted_batches_make_room_before_newer_ones_of_this_process() {
    let directory = tempfile::tempdir().unwrap();
    let large = "x".repeat(SEGMENT_BYTES as usize);
    let earlier = open(directory.path());
    store(&earlier, &[batch(1, &large)]);
    drop(earlier);
    let file = &files(directory.path())[0];
    fs::rename(file, older(file)).unwrap();

    let spool = open_with(directory.path(), 3 * SEGMENT_BYTES);
    store(&spool, &[batch(2, &large)]);
    assert_eq!(spool.adopt().unwrap(), 1);
    assert_eq!(store(&spool, &[batch(4, &large)]), 1);
    assert_eq!(drain(&spool).len(), 2);
}

#[test]
fn what_cannot_be_used_is_left_alone_and_the_rest_is_adopted() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(3, "fine")]);
    drop(spool);
    let file = &files(directory.path())[0];
    let stranger = older(file);
    let strangers: [fn(&Path) -> io::Result<()>; 2] = [
        |path| fs::create_dir(path),
        |path| fs::write(path, "statsig2, of a later version"),
    ];
    for make in strangers {
        make(&stranger).unwrap();
        for _ in 0..2 {
            let spool = open(directory.path());
            assert_eq!(spool.adopt().unwrap(), 3);
            assert_eq!(spool.adopt().unwrap(), 0);
            assert!(stranger.exists());
        }
        let removed = fs::remove_dir(&stranger).or_else(|_| fs::remove_file(&stranger));
        removed.unwrap();
    }
}

#[test]
fn a_batch_that_nobody_delivers_any_more_is_counted_when_it_has_to_make_room() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open_with(directory.path(), SEGMENT_BYTES);
    store(&spool, &[batch(7, &"x".repeat(SEGMENT_BYTES as usize / 2))]);
    spool.load(now()).batch.unwrap();
    spool.put_all_back();
    let lost = store(&spool, &[batch(1, &"x".repeat(SEGMENT_BYTES as usize / 2))]);
    assert_eq!(lost, 7);
}

#[test]
fn what_was_damaged_before_it_is_adopted_is_counted_and_costs_no_other_batch() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(7, "damaged"), batch(1, "fine")]);
    drop(spool);
    let file = &files(directory.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let place = bytes.windows(7).position(|it| it == b"damaged").unwrap();
    bytes[place] = b'D';
    fs::write(file, bytes).unwrap();
    let spool = open(directory.path());
    assert_eq!(spool.adopt().unwrap(), 8);
    let loaded = spool.load(now());
    assert_eq!((loaded.lost, loaded.batch.unwrap().events), (7, 1));
}

#[test]
fn a_batch_that_had_to_make_room_while_it_was_posted_is_not_put_back() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open_with(directory.path(), 3 * SEGMENT_BYTES);
    let large = "x".repeat(SEGMENT_BYTES as usize);
    store(&spool, &[batch(1, &large)]);
    let taken = spool.load(now()).batch.unwrap().record.unwrap();
    let lost: u64 = (2..=4)
        .map(|events| store(&spool, &[batch(events, &large)]))
        .sum();
    // The first is not counted here: it may be delivered yet.
    assert_eq!(lost, 2);
    assert!(!spool.put_off(taken, now()));
}

#[test]
fn a_batch_that_failed_waits_longer_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(1, "a")]);
    let mut time = now();
    for pause in [4, 8, 16] {
        let record = spool.load(time).batch.unwrap().record.unwrap();
        assert_eq!(spool.ready_at(time), None);
        assert!(spool.put_off(record, time));
        let ready_at = time + Duration::from_secs(pause);
        assert_eq!(spool.ready_at(time), Some(ready_at));
        assert!(spool.load(time).batch.is_none());
        time = ready_at;
    }
}

#[test]
fn what_was_damaged_on_disk_is_counted_and_not_delivered() {
    let directory = tempfile::tempdir().unwrap();
    let spool = open(directory.path());
    store(&spool, &[batch(7, "damaged"), batch(1, "fine")]);
    let file = &files(directory.path())[0];
    let mut bytes = fs::read(file).unwrap();
    let place = bytes.windows(7).position(|it| it == b"damaged").unwrap();
    bytes[place] = b'D';
    fs::write(file, bytes).unwrap();
    let loaded = spool.load(now());
    assert_eq!((loaded.lost, loaded.batch.unwrap().events), (7, 1));
}

#[test]
fn a_directory_that_cannot_be_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a file");
    fs::write(&file, "").unwrap();
    let spool = open(&file);
    assert!(spool.adopt().is_err());
    assert!(spool.store(&[batch(1, "a")]).outcome.is_err());
    assert!(spool.load(now()).batch.is_none());
}

/// Three batches of real events in one segment, and the file.
fn three_real_batches(directory: &Path) -> PathBuf {
    let body = |events: usize| {
        let list = vec![r#"{"eventName":"purchase","time":1,"user":{"userID":"u"}}"#; events];
        let json = format!(
            r#"{{"events":[{}],"statsigMetadata":{{}}}}"#,
            list.join(",")
        );
        seal::compressed(|to| io::Write::write_all(to, json.as_bytes())).unwrap()
    };
    let spool = open(directory);
    let batches = [3, 4, 5].map(|events| SealedBatch {
        body: body(events),
        ..batch(events as u64, "")
    });
    store(&spool, &batches);
    drop(spool);
    files(directory).remove(0)
}

#[test]
fn wherever_a_bit_flips_each_batch_is_delivered_or_counted_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let file = three_real_batches(directory.path());
    let whole = fs::read(&file).unwrap();
    for place in HEADER.len()..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            fs::write(&file, &bytes).unwrap();
            let spool = open(directory.path());
            let adopted = spool.adopt().unwrap();
            let (mut delivered, mut lost, mut batches) = (0, 0, 0);
            loop {
                let loaded = spool.load(now());
                lost += loaded.lost;
                let Some(batch) = loaded.batch else { break };
                spool.settle(batch.record.unwrap());
                delivered += batch.events;
                batches += 1;
            }
            assert_eq!(adopted, 12, "byte {place}, bit {bit}");
            assert_eq!(delivered + lost, adopted, "byte {place}, bit {bit}");
            assert_eq!(batches, 2, "byte {place}, bit {bit}");
            assert!(files(directory.path()).is_empty());
        }
    }
}

#[test]
fn what_was_found_to_be_damaged_is_counted_by_one_process_only() {
    let directory = tempfile::tempdir().unwrap();
    let file = three_real_batches(directory.path());
    let mut bytes = fs::read(&file).unwrap();
    bytes[HEADER.len() + 30] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let spool = open(directory.path());
    assert_eq!(spool.adopt().unwrap(), 12);
    assert_eq!(spool.load(now()).lost, 3);
    drop(spool);
    assert_eq!(open(directory.path()).adopt().unwrap(), 9);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn segments_and_their_directory_are_their_owners_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made/when/needed");
        let spool = open(&path);
        store(&spool, &[batch(3, "one")]);
        let file = files(&path).remove(0);
        assert_eq!((mode(&file), mode(&path)), (0o600, 0o700));
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        drop(spool);

        // One of an earlier version becomes so when it is taken over.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let spool = open(&path);
        assert_eq!(spool.adopt().unwrap(), 3);
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn a_pipe_a_link_or_a_device_in_place_of_a_segment_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let spool = open(directory.path());
        store(&spool, &[batch(3, "fine")]);
        drop(spool);
        let stranger = older(&files(directory.path())[0]);
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("a file of somebody");
        fs::write(&target, "stat").unwrap();

        let link = |stranger: &Path| symlink(&target, stranger).unwrap();
        let device = |stranger: &Path| symlink("/dev/zero", stranger).unwrap();
        let pipe = |stranger: &Path| {
            let made = Command::new("mkfifo").arg(stranger).status().unwrap();
            assert!(made.success());
        };
        let strangers: [&dyn Fn(&Path); 3] = [&link, &device, &pipe];
        for make in strangers {
            make(&stranger);
            let spool = open(directory.path());
            for found in [3, 0] {
                assert_eq!(spool.adopt().unwrap(), found);
            }
            assert!(fs::symlink_metadata(&stranger).is_ok());
            assert_eq!(fs::read(&target).unwrap(), b"stat");
            fs::remove_file(&stranger).unwrap();
        }
    }
}
