//! Of a server.

use std::collections::BTreeMap;

use eventstream_core::{EventStream, Identity, Incarnation};
use eventstream_network::{ApplicationInfo, NetworkClient};
use serde::Serialize;

use crate::{
    args::{InfoArgs, ReportFormat, Server},
    commands::remote::{self, Listed, Remote},
    failure::Failure,
    output::{Output, grouped, plain},
};

pub(super) async fn run(args: &InfoArgs, server: &Server) -> Result<(), Failure> {
    let client = remote::connect(server).await?;
    let found = Found {
        applications: applications(&client, args, server).await?,
        protocols: client.protocols().await?.iter().map(ToString::to_string).collect(),
        server: &server.url,
    };
    let mut output = Output::default();
    match args.output {
        ReportFormat::Json => output.json(&found)?,
        ReportFormat::Text => {
            for line in found.text() {
                output.line(&line)?;
            }
        }
    }
    output.flush()
}

/// All, or the one that is named; `None` if the server can't say which there are.
async fn applications(
    client: &NetworkClient,
    args: &InfoArgs,
    server: &Server,
) -> Result<Option<Vec<Served>>, Failure> {
    if args.application.is_some() {
        let Remote { client, application, info } =
            Remote::of(client.clone(), server, args.application.as_ref()).await?;
        return Ok(Some(vec![match info {
            Some(info) => Served::from(info),
            None => Served::named(&client, application).await?,
        }]));
    }
    match remote::listed(client).await? {
        Listed::All(applications) => {
            let mut all = Vec::with_capacity(applications.len());
            for application in applications {
                all.push(client.describe(&application.key).await?.into());
            }
            Ok(Some(all))
        }
        Listed::NotSpoken(_) => Ok(None),
        Listed::Denied(failure) => Err(failure),
    }
}

#[derive(Serialize)]
struct Found<'a> {
    server: &'a str,
    protocols: Vec<String>,
    /// Null if the server can't say which there are.
    applications: Option<Vec<Served>>,
}

#[derive(Serialize)]
struct Served {
    application: Identity,
    incarnation: Option<Incarnation>,
    first_offset: Option<u64>,
    next_offset: Option<u64>,
    /// Whether any type may come, also one that is not known yet.
    any_event_type: bool,
    /// Of each type that is known the media types that its events can be had in.
    event_types: BTreeMap<String, Vec<String>>,
    /// Whether it can be appended to; null if the server can't say so.
    appendable: Option<bool>,
}

impl From<ApplicationInfo> for Served {
    fn from(info: ApplicationInfo) -> Self {
        let types = info.media_types.into_iter();
        Self {
            any_event_type: info.event_types.is_any(),
            event_types: types.map(|(name, types)| (name.as_str().to_owned(), types)).collect(),
            application: info.application,
            incarnation: info.incarnation,
            first_offset: info.oldest_offset,
            next_offset: info.next_offset,
            appendable: Some(info.has_store),
        }
    }
}

impl Served {
    /// What the protocols A and B can say.
    async fn named(client: &NetworkClient, application: Identity) -> Result<Self, Failure> {
        let types = client.stream(application.clone()).event_types().await?;
        Ok(Self {
            application,
            incarnation: None,
            first_offset: None,
            next_offset: None,
            any_event_type: types.is_any(),
            event_types: types
                .names()
                .unwrap_or_default()
                .iter()
                .map(|name| (name.as_str().to_owned(), Vec::new()))
                .collect(),
            appendable: None,
        })
    }

    fn text(&self) -> Vec<String> {
        let offset = |offset: Option<u64>| offset.map_or_else(unknown, grouped);
        let known = self.event_types.keys().map(|it| plain(it)).collect::<Vec<_>>().join(", ");
        let types = match (self.any_event_type, known.is_empty()) {
            (true, true) => "any".to_owned(),
            (true, false) => format!("any; so far {known}"),
            (false, true) => "none".to_owned(),
            (false, false) => known,
        };
        let appends = match self.appendable {
            None => unknown(),
            Some(true) => "taken".to_owned(),
            Some(false) => "refused".to_owned(),
        };
        vec![
            format!("application   {}", plain(&self.application.to_string())),
            format!("incarnation   {}", self.incarnation.map_or_else(unknown, |it| it.to_string())),
            format!("first offset  {}", offset(self.first_offset)),
            format!("next offset   {}", offset(self.next_offset)),
            format!("event types   {types}"),
            format!("appends       {appends}"),
        ]
    }
}

impl Found<'_> {
    fn text(&self) -> Vec<String> {
        let protocols =
            if self.protocols.is_empty() { unknown() } else { self.protocols.join(", ") };
        let mut lines = vec![
            format!("server        {}", plain(self.server)),
            format!("protocols     {protocols}"),
        ];
        match &self.applications {
            None => lines.push("applications  the server can't say: name one".to_owned()),
            Some(served) if served.is_empty() => lines.push("applications  none".to_owned()),
            Some(served) => {
                for application in served {
                    lines.push(String::new());
                    lines.extend(application.text());
                }
            }
        }
        lines
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}
