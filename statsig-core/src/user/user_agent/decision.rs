//! Derives the operating system and the browser from the tokens of a user agent.

use super::Token;
use super::reading::{Hints, Reading};

impl<'a> Reading<'a> {
    pub(super) fn decide_os(&self) -> Token<'a> {
        let mut tokens = self.tokens.iter();
        self.os
            .or_else(|| tokens.find_map(|token| self.os_of_token(*token)))
            .unwrap_or_else(|| Token::bare(self.os_by_hints()))
    }

    fn os_of_token(&self, token: Token<'a>) -> Option<Token<'a>> {
        match token.name {
            "ATV OS X" | "Chromecast" | "Red Hat" => Some(Token::bare(token.name)),
            "iPhone OS" | "iOS" => Some(token.called("iOS")),
            "CPU OS" if self.hints.ios => Some(token.called("iOS")),
            "Version" if self.hints.ios && self.hints.macos => Some(token.called("iOS")),
            "CFNetwork" => Some(Token::bare("iOS")),
            "Android" | "Kindle" | "Ubuntu" => Some(token),
            name if name.starts_with("Android") => Some(Token::bare("Android")),
            _ => None,
        }
    }

    fn os_by_hints(&self) -> &'static str {
        match self.hints {
            Hints { ios: true, .. } => "iOS",
            Hints { macos: true, .. } => "Mac OS X",
            Hints { windows: true, .. } => "Windows",
            Hints { linux: true, .. } => "Linux",
            _ => "Other",
        }
    }

    pub(super) fn decide_browser(&self) -> Token<'a> {
        let mut tokens = self.tokens.iter();
        self.browser
            .or_else(|| tokens.find_map(|token| self.browser_of_token(*token)))
            .or_else(|| self.chrome_or_android())
            .or_else(|| self.apple_networking())
            .unwrap_or_else(|| self.browser_by_hints())
    }

    /// The browsers that decide by their name alone, at any position.
    fn browser_of_token(&self, token: Token<'a>) -> Option<Token<'a>> {
        let mobile = self.hints.mobile;
        match token.name {
            "Firefox" if mobile => Some(token.called("Firefox Mobile")),
            "Yahoo! Slurp" => Some(Token::bare(token.name)),
            "Silk" if self.hints.playstation => Some(Token::bare("NetFront NX")),
            "Silk" => Some(token.called("Amazon Silk")),
            "YaBrowser" => Some(token.called("Yandex Browser")),
            "Edge" if mobile => Some(token.called("Edge Mobile")),
            "Opera" if mobile => Some(token.called("Opera Mobile")),
            "Firefox" | "NetFront NX" | "Edge" | "Opera" | "axios" | "HeadlessChrome" => {
                Some(token)
            }
            _ => None,
        }
    }

    /// Most browsers that build on Chrome name it, and most apps on Android name Android.
    fn chrome_or_android(&self) -> Option<Token<'a>> {
        let android = self.last("Android");
        let Some(chrome) = self.last("Chrome") else {
            return android;
        };
        if self.last("Version").is_some() {
            return Some(chrome.called("Chrome Mobile WebView"));
        }
        match chrome.version {
            None => android.or(Some(chrome)),
            Some(_) if self.hints.mobile && !self.hints.huawei => {
                Some(chrome.called("Chrome Mobile"))
            }
            Some(_) => Some(chrome),
        }
    }

    /// The user agent of an app that uses Apple's networking library begins with the app.
    fn apple_networking(&self) -> Option<Token<'a>> {
        let first = self.tokens.first().filter(|_| self.hints.cfnetwork)?;
        if first.name == "NetworkingExtension" {
            let version = self.tokens.get(1).and_then(|second| second.version);
            return Some(Token::new("CFNetwork", version));
        }
        Some(*first)
    }

    fn browser_by_hints(&self) -> Token<'a> {
        match self.hints {
            Hints {
                safari: true,
                mobile: true,
                macos: false,
                ..
            } => self.safari("Mobile Safari"),
            Hints { safari: true, .. } => self.safari("Safari"),
            Hints { ios: true, .. } => Token::bare("Mobile Safari UI/WKWebView"),
            Hints { crawler: true, .. } => Token::bare("crawler"),
            _ => Token::bare("Other"),
        }
    }

    /// Safari writes its version in a separate token, such as `Version/17.1`.
    fn safari(&self, name: &'static str) -> Token<'a> {
        Token::new(name, self.last("Version").and_then(|token| token.version))
    }

    fn last(&self, name: &str) -> Option<Token<'a>> {
        let mut tokens = self.tokens.iter();
        tokens.rfind(|token| token.name == name).copied()
    }
}
