//! Which application is meant, of several.

use eventstream_core::Identity;
use eventstream_persisted::StoreLocation;

use crate::{failure::Failure, naming::Application, output::plain};

/// What has the applications, and how that is said.
pub(super) struct Holder {
    name: String,
    has: &'static str,
    have: &'static str,
}

impl Holder {
    pub(super) fn server(url: &str) -> Self {
        Self { name: url.to_owned(), has: "serves", have: "serve" }
    }

    pub(super) fn store(location: &StoreLocation) -> Self {
        Self { name: location.to_string(), has: "has", have: "have" }
    }
}

/// The one that is meant, or the only one.
pub(super) fn choose(
    holder: &Holder,
    applications: Vec<Identity>,
    wanted: Option<&Application>,
) -> Result<Identity, Failure> {
    let all = applications.iter().map(named).collect::<Vec<_>>().join(", ");
    let Holder { name, has, have } = holder;
    let problem = |text: String| Err(Failure::new(text));
    let mut meant =
        applications.into_iter().filter(|it| wanted.is_none_or(|wanted| wanted.means(it)));
    match (meant.next(), meant.next(), wanted) {
        (Some(application), None, _) => Ok(application),
        (None, _, _) if all.is_empty() => problem(format!("{name} {has} no application")),
        (None, _, Some(Application(wanted))) => {
            problem(format!("{name} does not {have} {}; it {has} {all}", named(wanted)))
        }
        (_, _, None) => problem(format!("{name} {has} several applications: {all}"))
            .map_err(|failure| failure.hint("say which one by --application NAME[:KEY]")),
        (_, _, Some(Application(wanted))) => problem(format!(
            "{name} {has} several applications that are called {}: {all}",
            plain(&wanted.name),
        ))
        .map_err(|failure| failure.hint("say which one by --application NAME:KEY")),
    }
}

pub(super) fn named(application: &Identity) -> String {
    plain(&application.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(wanted: Option<&str>, served: &[(&str, &str)]) -> Result<String, String> {
        let served = served.iter().map(|(name, key)| Identity::new(*name, *key)).collect();
        let wanted = wanted.map(|it| it.parse::<Application>().unwrap());
        match choose(&Holder::server("URL"), served, wanted.as_ref()) {
            Ok(identity) => Ok(identity.key),
            Err(Failure::Failed { chain, .. }) => Err(chain.join(": ")),
            Err(_) => unreachable!("nothing is written"),
        }
    }

    #[test]
    fn one_application_is_meant_or_it_is_said_which_there_are() {
        let two = [("shop", "k-1"), ("bank", "k-2")];
        assert_eq!(chosen(None, &two[..1]).as_deref(), Ok("k-1"));
        assert_eq!(chosen(Some("bank"), &two).as_deref(), Ok("k-2"));
        assert_eq!(chosen(Some("x:k-2"), &two).as_deref(), Ok("k-2"));
        let all = "shop (k-1), bank (k-2)";
        assert_eq!(chosen(None, &two), Err(format!("URL serves several applications: {all}")));
        let error = chosen(Some("bar:k-3"), &two);
        assert_eq!(error, Err(format!("URL does not serve bar (k-3); it serves {all}")));
        assert_eq!(chosen(None, &[]).unwrap_err(), "URL serves no application");
        let error = chosen(Some("shop"), &[("shop", "k-1"), ("shop", "k-2")]).unwrap_err();
        assert!(error.contains("several applications that are called shop"), "{error}");
    }
}
