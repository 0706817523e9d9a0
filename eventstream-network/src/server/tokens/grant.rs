use super::digest::TokenDigest;
use crate::server::Action;

const FIELDS: &str = "a line has a token, what it is good for, and for which applications: \
                      TOKEN read,append KEY KEY, or TOKEN read *";
const TOKEN: &str = "the token has to have at least 16 letters, digits or any of -._~+/=, \
                     or to be sha256: and the 64 hexadecimal digits of one";
const SCOPES: &str =
    "what the token is good for has to be read, append or truncate, or several with commas";
const APPLICATIONS: &str = "for all applications * stands alone";

/// Shorter ones can be guessed.
const MIN_LEN: usize = 16;

/// What is written in a line: what a token is good for.
pub(super) struct Grant {
    pub(super) token: TokenDigest,
    actions: Vec<Action>,
    /// All, if `None`.
    applications: Option<Vec<String>>,
}

impl Grant {
    /// `None` if the line says nothing.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, &'static str> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let mut fields = line.split_whitespace();
        let (Some(token), Some(scopes)) = (fields.next(), fields.next()) else {
            return Err(FIELDS);
        };
        // Behind them a comment may stand.
        let keys: Vec<&str> = fields.take_while(|field| !field.starts_with('#')).collect();
        let applications = match keys.as_slice() {
            [] => return Err(FIELDS),
            ["*"] => None,
            keys if keys.contains(&"*") => return Err(APPLICATIONS),
            keys => Some(keys.iter().map(|key| (*key).to_owned()).collect()),
        };
        let token = token_of(token).ok_or(TOKEN)?;
        let actions = scopes.split(',').map(action_of).collect::<Option<_>>().ok_or(SCOPES)?;
        Ok(Some(Self { token, actions, applications }))
    }

    pub(super) fn allows(&self, action: Action, application_key: Option<&str>) -> bool {
        let covers = match (&self.applications, application_key) {
            (None, _) => true,
            (Some(keys), Some(key)) => keys.iter().any(|known| known == key),
            (Some(_), None) => false,
        };
        covers && self.may(action)
    }

    /// Whether it allows something with some application.
    pub(super) fn may(&self, action: Action) -> bool {
        // Who is told all applications has to be one who may read them all.
        let action = if action == Action::List { Action::Read } else { action };
        self.actions.contains(&action)
    }
}

fn token_of(text: &str) -> Option<TokenDigest> {
    if let Some(hex) = text.strip_prefix("sha256:") {
        return TokenDigest::from_hex(hex);
    }
    let valid = text.len() >= MIN_LEN && text.bytes().all(crate::token_byte::is_token_byte);
    valid.then(|| TokenDigest::of(text.as_bytes()))
}

fn action_of(scope: &str) -> Option<Action> {
    match scope {
        "read" => Some(Action::Read),
        "append" => Some(Action::Append),
        "truncate" => Some(Action::Truncate),
        _ => None,
    }
}
