use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Program, Server, Settings, server::free_ports};

/// For a cluster to find a leader, on a machine that is busy.
const READY: Duration = Duration::from_secs(120);

/// Three servers, each a process of its own.
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Server>,
}

impl Cluster {
    pub(crate) fn start() -> Option<Self> {
        let ports: [u16; 3] = free_ports();
        let routes: Vec<_> = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let start = |port: &u16| {
            let more = format!(
                "cluster {{ name: c, listen: \"127.0.0.1:{port}\", routes: [{}] }}",
                routes.join(", ")
            );
            Server::start(Program::New, &Settings { more, ..Settings::default() })
        };
        let servers = ports.iter().map(start).collect::<Option<Vec<_>>>()?;
        Some(Self { servers })
    }

    /// The URL of a store that is replicated over all.
    pub(crate) fn url(&self, stream: &str) -> String {
        let addresses: Vec<_> = self.servers.iter().map(Server::address).collect();
        format!("nats://{}/{stream}", addresses.join(","))
    }

    fn urls(&self) -> Vec<async_nats::ServerAddr> {
        self.servers.iter().map(|server| server.address().parse().unwrap()).collect()
    }

    /// Waits until JetStream answers.
    pub(crate) async fn wait_ready(&self) {
        let client = async_nats::connect(&self.urls()[..]).await.unwrap();
        let until = Instant::now() + READY;
        loop {
            if let Ok(answer) = client.request("$JS.API.INFO", "".into()).await {
                let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
                if answer.get("error").is_none() {
                    return;
                }
            }
            assert!(Instant::now() < until, "there is no cluster");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The index of the server that leads a stream, once there is one that all replicas follow.
    pub(crate) async fn leader(&self, stream: &str) -> usize {
        let client = async_nats::connect(&self.urls()[..]).await.unwrap();
        let until = Instant::now() + READY;
        loop {
            let request = format!("$JS.API.STREAM.INFO.{stream}");
            if let Ok(answer) = client.request(request, "".into()).await {
                let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
                let cluster = &answer["cluster"];
                let replicas = cluster["replicas"].as_array().cloned().unwrap_or_default();
                let are_current = replicas.len() == 2
                    && replicas
                        .iter()
                        .all(|it| it["current"] == json!(true) && it["offline"] != json!(true));
                let leader = cluster["leader"].as_str().unwrap_or_default();
                let index =
                    self.servers.iter().position(|server| leader == format!("n{}", server.port));
                if let (Some(index), true) = (index, are_current) {
                    return index;
                }
            }
            assert!(Instant::now() < until, "the stream has no leader, or replicas that lag");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
