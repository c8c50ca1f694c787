//! One pass over the text of a user agent.
//!
//! [`Reading::piece`] and [`Reading::product`] are the tables of known words. Their rows are tried
//! in order, and the order matters.

use super::Token;

/// Words anywhere in the text that affect the later decision.
#[derive(Debug, Default)]
pub(super) struct Hints {
    pub(super) cfnetwork: bool,
    pub(super) crawler: bool,
    pub(super) huawei: bool,
    pub(super) ios: bool,
    pub(super) linux: bool,
    pub(super) macos: bool,
    pub(super) mobile: bool,
    pub(super) playstation: bool,
    pub(super) safari: bool,
    pub(super) windows: bool,
}

/// The findings of one pass over the text.
#[derive(Debug, Default)]
pub(super) struct Reading<'a> {
    /// The known words, in the order of the text.
    pub(super) tokens: Vec<Token<'a>>,
    /// If set, this operating system wins over every token.
    pub(super) os: Option<Token<'a>>,
    /// If set, this browser wins over every token.
    pub(super) browser: Option<Token<'a>>,
    bot_seen: bool,
    pub(super) hints: Hints,
}

impl<'a> Reading<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let pieces: Vec<&str> = text.split([';', ' ']).map(trimmed).collect();
        let mut reading = Self::default();
        let mut cursor = 0;
        while let Some(piece) = pieces.get(cursor) {
            let ahead = [1, 2, 3].map(|n| pieces.get(cursor + n).copied().unwrap_or_default());
            cursor += 1 + reading.piece(piece, ahead);
        }
        reading
    }

    /// Reads one piece. Returns how many of the pieces `ahead` it consumed.
    fn piece(&mut self, piece: &'a str, ahead: [&'a str; 3]) -> usize {
        match (piece, ahead) {
            ("", _) => 0,
            (p, _) if p.starts_with("AppleTV") => {
                self.tag("ATV OS X", None);
                1
            }
            ("like", ["Mac", "OS", _]) => 3,
            ("Mac", ["OS", "X", version] | ["OS", version, _]) => {
                self.hints.macos = true;
                2 + self.os_if_number("Mac OS X", version)
            }
            ("iOS" | "iPadOS", [version, ..]) => {
                self.hints.ios = true;
                1 + self.os_if_number("iOS", version)
            }
            ("iPhone", ["OS", version, _]) => 1 + self.os_if_number("iOS", version),
            (p, _) if p.starts_with("iPad") => self.apple_device("iPad", p),
            (p, _) if p.starts_with("iPhone") => self.apple_device("iPhone", p),
            (p, _) if p.starts_with("Apple-iPhone7C2") => {
                self.hints.ios = true;
                self.tag("iPhone", None);
                0
            }
            ("CPU", ["OS", version, _]) => {
                self.tag("CPU OS", number(version));
                1 + taken(version)
            }
            ("CrOS", [version, ..]) if number(version).is_some() => {
                self.os_if_number("Chrome OS", version)
            }
            ("CrOS", [_, version, _]) => 1 + self.os_if_number("Chrome OS", version),
            ("CrKey", _) => {
                self.os("Chromecast", None);
                0
            }
            ("PlayStation", _) => {
                self.hints.playstation = true;
                self.tag("PlayStation", None);
                0
            }
            ("Android", [version, ..]) => self.os_if_number("Android", version),
            ("Windows", ["Phone", version, _]) => 1 + self.os_if_number("Windows Phone", version),
            (p, ahead) if p.starts_with("Windows") => self.windows(ahead),
            ("MSIE", [version, ..]) => {
                self.browser("IE", number(version));
                taken(version)
            }
            ("Yahoo!", ["Slurp", ..]) => {
                self.tag("Yahoo! Slurp", None);
                1
            }
            ("Red", ["Hat", ..]) => {
                self.os("Red Hat", None);
                1
            }
            ("Ubuntu", [version, ..]) => self.os_if_number("Ubuntu", version),
            ("Linux" | "linux", _) => {
                self.hints.linux = true;
                self.tag("Linux", None);
                0
            }
            ("Nintendo", ["3DS", ..]) => {
                self.tag("NetFront NX", None);
                1
            }
            ("like", _) => 0,
            (p, _) if p.len() <= 2 => 0,
            ("Better", ["Uptime", "Bot", _]) => self.bot("Better Uptime Bot", None),
            ("Radius", ["Compilance", "Bot", _]) => self.bot("Radius Compilance Bot", None),
            ("AdsBot-Google-Mobile", _) => self.bot("AdsBot-Google", None),
            ("Uptime", ["Monitoring", "Bot", _]) => self.bot("Uptime Monitoring Bot", None),
            (p, _) => {
                let (name, version) = product_and_version(p);
                self.product(name, version);
                0
            }
        }
    }

    /// Reads `name/version`, the usual form of a product.
    fn product(&mut self, name: &'a str, version: Option<&'a str>) {
        match name {
            "Kindle" => {
                self.os_candidate("Kindle", version);
                self.browser("Kindle", version);
            }
            "FxiOS" => self.browser("Firefox iOS", version),
            "EdgiOS" => {
                self.mac_is_really_ios();
                self.browser("Edge Mobile", version);
            }
            "CriOS" => {
                self.hints.ios = true;
                self.mac_is_really_ios();
                self.browser("Chrome Mobile iOS", version);
            }
            "GSA" => self.browser("Google", version),
            "Edg" | "Edge" => self.tag("Edge", version),
            "OPR" => self.tag("Opera", version),
            "SamsungBrowser" => self.browser("Samsung Internet", version),
            "HuaweiBrowser" => {
                self.hints.huawei = true;
                self.tag(name, version);
            }
            "ChatGPT-User" | "OAI-SearchBot" | "Electron" | "YisouSpider" => {
                self.browser(name, version);
            }
            "NX" => self.browser("NetFront NX", version),
            "IEMobile" => self.browser("IE Mobile", version),
            _ if names_a_bot(name) => {
                self.bot(name, version);
            }
            "Mobile" => {
                self.hints.mobile = true;
                self.tag(name, version);
            }
            "Safari" => {
                self.hints.safari = true;
                self.tag(name, version);
            }
            "CFNetwork" => {
                self.hints.cfnetwork = true;
                self.hints.ios = true;
            }
            _ if version.is_some_and(|v| v.contains("crawler")) => self.hints.crawler = true,
            "OculusBrowser" => self.os = Some(Token::bare("Android")),
            _ => self.tag(name, version),
        }
    }

    fn windows(&mut self, ahead: [&'a str; 3]) -> usize {
        self.hints.windows = true;
        match ahead {
            ["NT", version, _] => 1 + self.os_if_number("Windows", version),
            [edition, ..] if edition.starts_with("XP") => {
                self.os("Windows", Some("XP"));
                1
            }
            [version, ..] => self.os_if_number("Windows", version),
        }
    }

    /// A device such as `iPad14,5`. The model number is the version.
    fn apple_device(&mut self, device: &'static str, piece: &'a str) -> usize {
        self.hints.ios = true;
        self.tag(device, piece.split(device).nth(1).map(trimmed));
        0
    }

    /// A user agent that claims to be a Mac and names an iOS-only browser is an iPad.
    fn mac_is_really_ios(&mut self) {
        if self.os.is_some_and(|os| os.name == "Mac OS X") {
            self.os = Some(Token::bare("iOS"));
        }
    }

    fn tag(&mut self, name: &'a str, version: Option<&'a str>) {
        self.tokens.push(Token::new(name, version));
    }

    /// The first operating system with a version becomes the candidate.
    fn os_candidate(&mut self, name: &'a str, version: Option<&'a str>) {
        if version.is_some() && self.os.is_none() {
            self.os = Some(Token::new(name, version));
        }
    }

    fn os(&mut self, name: &'a str, version: Option<&'a str>) {
        self.os_candidate(name, version);
        self.tag(name, version);
    }

    /// Sets [`os`](Self::os) with the version `piece` if it is a number. Returns how many pieces it
    /// consumed.
    fn os_if_number(&mut self, name: &'a str, piece: &'a str) -> usize {
        self.os(name, number(piece));
        taken(piece)
    }

    /// The last browser with a version becomes the candidate.
    fn browser(&mut self, name: &'a str, version: Option<&'a str>) {
        if version.is_some() {
            self.browser = Some(Token::new(name, version));
        }
        self.tag(name, version);
    }

    /// The first bot replaces the browser candidate. It consumes no piece ahead.
    fn bot(&mut self, name: &'a str, version: Option<&'a str>) -> usize {
        if !self.bot_seen {
            self.bot_seen = true;
            self.browser = Some(Token::new(name, version));
        }
        0
    }
}

fn trimmed(piece: &str) -> &str {
    piece.trim_matches(['(', ')', ';', ',', '+', '_', '"'])
}

fn number(piece: &str) -> Option<&str> {
    piece
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(piece)
}

/// How many pieces a [`number`] at `piece` consumes.
fn taken(piece: &str) -> usize {
    usize::from(number(piece).is_some())
}

fn names_a_bot(name: &str) -> bool {
    ["Bot", "bot", "crawler", "Crawler"]
        .iter()
        .any(|word| name.contains(word))
}

fn product_and_version(piece: &str) -> (&str, Option<&str>) {
    let Some((name, version)) = piece.split_once(['/', ';', ':']) else {
        return (piece, None);
    };
    let name = Some(trimmed(name))
        .filter(|name| !name.is_empty())
        .unwrap_or(piece);
    let version = Some(trimmed(version)).filter(|version| !version.is_empty());
    (name, version)
}
