use super::UserAgent;
use proptest::prelude::*;

const FIELDS: [&str; 4] = ["os_name", "os_version", "browser_name", "browser_version"];

fn answers(text: &str) -> [String; 4] {
    let agent = UserAgent::parse(text);
    FIELDS.map(|field| agent.field(field).unwrap().to_owned())
}

/// The agent, then the operating system, its version, the browser, its version.
const AGENTS: &[(&str, [&str; 4])] = &[
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ["Windows", "10", "Chrome", "140.0.0.0"],
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ["Mac OS X", "10.15.7", "Chrome", "140.0.0.0"],
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
        ["Mac OS X", "10.15.7", "Safari", "17.1"],
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
        ["iOS", "17.1.2", "Mobile Safari", "17.1"],
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/114.0.5735.99 Mobile/15E148 Safari/604.1",
        ["iOS", "16.5", "Chrome Mobile iOS", "114.0.5735.99"],
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/120.0.2210.150 Safari/605.1.15",
        ["iOS", "0.0.0", "Edge Mobile", "120.0.2210.150"],
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/118.0 Mobile/15E148 Safari/605.1.15",
        ["iOS", "17.0", "Firefox iOS", "118.0"],
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36",
        ["Android", "13", "Chrome Mobile", "119.0.0.0"],
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.0.0 Mobile Safari/537.36",
        ["Android", "13", "Chrome Mobile WebView", "119.0.0.0"],
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
        ["Android", "14", "Samsung Internet", "23.0"],
    ),
    (
        "Mozilla/5.0 (Android 14; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0",
        ["Android", "14", "Firefox Mobile", "121.0"],
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
        ["Linux", "0.0.0", "Firefox", "121.0"],
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        ["Ubuntu", "0.0.0", "Firefox", "115.0"],
    ),
    (
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36",
        ["Chrome OS", "14541.0.0", "Chrome", "118.0.0.0"],
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        ["Windows", "7", "Other", "0.0.0"],
    ),
    (
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)",
        ["Windows", "XP", "IE", "8.0"],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
        ["Windows", "10", "Edge", "120.0.2210.91"],
    ),
    (
        "Mozilla/5.0 (Windows NT 6.3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/106.0.0.0 Safari/537.36 OPR/92.0.4561.21",
        ["Windows", "8.1", "Opera", "92.0.4561"],
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 YaBrowser/23.11.0.2419 Safari/537.36",
        ["Windows", "10", "Yandex Browser", "23.11.0"],
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        ["Other", "0.0.0", "Googlebot", "2.1"],
    ),
    (
        "Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73 (KHTML, like Gecko)",
        ["Other", "0.0.0", "Other", "0.0.0"],
    ),
    (
        "Better Uptime Bot",
        ["Other", "0.0.0", "Better Uptime Bot", "0.0.0"],
    ),
    (
        "ChatGPT/1.2025.245 (iOS 18.6.2; iPhone14,5; build 17507616669)",
        ["iOS", "18.6.2", "Mobile Safari UI/WKWebView", "0.0.0"],
    ),
    (
        "ChatGPT/35.1.2 CFNetwork/3826.400.120 Darwin/24.3.0",
        ["iOS", "0.0.0", "ChatGPT", "35.1.2"],
    ),
    (
        "ChatGPT/1.2025.245 (Android 16; Pixel 8a; build 2523822)",
        ["Android", "16", "Android", "16"],
    ),
    (
        "axios/1.6.7,6468",
        ["Other", "0.0.0", "axios", "1.6.7.6468"],
    ),
    ("AppleTV11,1/11.1", ["ATV OS X", "0.0.0", "Other", "0.0.0"]),
    ("", ["Other", "0.0.0", "Other", "0.0.0"]),
];

#[test]
fn reads_well_known_agents() {
    for (text, expected) in AGENTS {
        assert_eq!(answers(text), *expected, "{text}");
    }
}

#[test]
fn fields_have_two_spellings_and_no_others() {
    let agent = UserAgent::parse("Mozilla/5.0 (Windows NT 10.0) Firefox/121.0");
    for (spelling, expected) in [
        ("osname", "Windows"),
        ("osversion", "10"),
        ("browsername", "Firefox"),
        ("browserversion", "121.0"),
    ] {
        assert_eq!(agent.field(spelling), Some(expected));
    }
    assert_eq!(agent.field("device"), None);
    assert_eq!(agent.field("OS_Name"), None);
}

/// Text that consists mostly of words that the tokenizer knows.
fn agent_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "Mac",
            "OS",
            "X",
            "like",
            "iOS",
            "iPad",
            "iPhone",
            "iPadiPad",
            "CPU",
            "CrOS",
            "Windows",
            "NT",
            "XP",
            "Phone",
            "MSIE",
            "Android",
            "Chrome/",
            "/",
            ":",
            "Version/1",
            "Safari/",
            "CFNetwork",
            "NetworkingExtension",
            "Uptime",
            "Monitoring",
            "Bot",
            "10_1",
            "5.",
            "1.é.2",
            "__",
            "\"+",
            "(",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    let separator = prop::sample::select(vec![" ", ";", "; ", "  ", ""]);
    prop::collection::vec((piece, separator), 0..24).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(piece, separator)| piece + separator)
            .collect()
    })
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in prop_oneof![any::<String>(), agent_like(), "[ ;/:_,.()]{0,200}"]) {
        // A version may be empty: `Chrome/.` has one part, without text.
        let [os_name, _, browser_name, _] = answers(&text);
        prop_assert!(!os_name.is_empty() && !browser_name.is_empty());
    }
}
