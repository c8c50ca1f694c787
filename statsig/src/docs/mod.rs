//! Guides. Start with [`getting_started`]; read the others when you need them.
//!
//! | guide | questions that it answers |
//! |---|---|
//! | [`getting_started`] | How do I install the SDK, start a client, read flags, log events and stop? |
//! | [`typed`] | How do I keep parameter structs and the console in agreement? |
//! | [`testing`] | How do I test code that reads flags, without network and without waiting? |
//! | [`events`] | When is an event sent, when is it lost, and how do I see that? |
//! | [`sources`] | Where do specs come from, and what happens when a source fails? |
//! | [`operations`] | What do I monitor, how much memory does the client need, what must I configure in production? |
//! | [`serverless`] | How do I use the SDK in functions, scripts and cron jobs? |
//! | [`migration`] | How do I move from the crate `statsig-rust` or `statsig`? What does an unofficial SDK promise? |

pub mod getting_started {
    #![doc = include_str!("getting_started.md")]
}

// Where a feature is off, links to what it adds lead to the table of features.
pub mod typed {
    #![doc = include_str!("typed.md")]
    #![doc = ""]
    #![cfg_attr(
        feature = "macros",
        doc = "[`StatsigParams`]: macro@crate::StatsigParams"
    )]
    #![cfg_attr(not(feature = "macros"), doc = "[`StatsigParams`]: crate#features")]
}

pub mod testing {
    #![doc = include_str!("testing.md")]
    #![doc = ""]
    #![cfg_attr(
        feature = "testing",
        doc = "[`OfflineClient`]: crate::testing::OfflineClient"
    )]
    #![cfg_attr(not(feature = "testing"), doc = "[`OfflineClient`]: crate#features")]
    #![cfg_attr(
        feature = "testing",
        doc = "[`ScriptedTransport`]: crate::testing::ScriptedTransport"
    )]
    #![cfg_attr(
        not(feature = "testing"),
        doc = "[`ScriptedTransport`]: crate#features"
    )]
    #![cfg_attr(
        feature = "testing",
        doc = "[`SimulatedClock`]: crate::testing::SimulatedClock"
    )]
    #![cfg_attr(not(feature = "testing"), doc = "[`SimulatedClock`]: crate#features")]
    #![cfg_attr(feature = "testing", doc = "[`Specs`]: crate::testing::Specs")]
    #![cfg_attr(not(feature = "testing"), doc = "[`Specs`]: crate#features")]
    #![cfg_attr(
        feature = "testing",
        doc = "[`LoggedEvents`]: crate::testing::LoggedEvents"
    )]
    #![cfg_attr(not(feature = "testing"), doc = "[`LoggedEvents`]: crate#features")]
    #![cfg_attr(
        feature = "testing",
        doc = "[`testing::client`]: crate::testing::client()"
    )]
    #![cfg_attr(not(feature = "testing"), doc = "[`testing::client`]: crate#features")]
    #![cfg_attr(
        feature = "testing",
        doc = "[`testing::authoring`]: crate::testing::authoring"
    )]
    #![cfg_attr(
        not(feature = "testing"),
        doc = "[`testing::authoring`]: crate#features"
    )]
}

pub mod events {
    #![doc = include_str!("events.md")]
}

pub mod sources {
    #![doc = include_str!("sources.md")]
}

pub mod operations {
    #![doc = include_str!("operations.md")]
}

pub mod serverless {
    #![doc = include_str!("serverless.md")]
}

pub mod migration {
    #![doc = include_str!("migration.md")]
}
