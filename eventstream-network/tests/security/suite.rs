use std::sync::Arc;

use eventstream_core::{BoxError, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkClient, NetworkServer, NetworkStream, Tokens};
use eventstream_streamtest::{
    Profile, RETAINED_EVENTS, StreamEnv, StreamHarness, event_types, stream_suite,
};

use crate::{
    certificates::{Authority, Files},
    support::{Running, application},
};

/// What the stream reads ahead, and what fits into the windows and buffers on both sides.
const READ_AHEAD: usize = 6_000;
const TOKEN: &str = "0123456789abcdef";

struct Harness;

impl Harness {
    async fn start(&self, first_offset: u64) -> Result<Env, BoxError> {
        let stream = MemoryStream::builder(application())
            .event_types(event_types())
            .first_offset(first_offset)
            .buffer_size(RETAINED_EVENTS + READ_AHEAD)
            .build();
        let (files, authority) = (Files::new(), Authority::new("ours"));
        let tokens: Tokens = format!("{TOKEN} read app-key").parse()?;
        let builder = NetworkServer::builder()
            .host(stream.clone())
            .tls(files.tls(&authority.issue("127.0.0.1")))
            .authorizer(tokens);
        let server = Running::start(builder).await;
        let client = NetworkClient::connect(&format!("https://{}", server.address()))
            .ca_file(files.write("ca.pem", &authority.pem))
            .token(TOKEN)
            .await?;
        let remote = client.stream(application());
        Ok(Env { remote, stream, _server: server, _files: files })
    }
}

impl StreamHarness for Harness {
    type Env = Env;

    async fn start(&self) -> Result<Env, BoxError> {
        self.start(0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        self.start(first_offset).await.map(Some)
    }

    fn profile(&self) -> Profile {
        Profile::full().read_ahead(READ_AHEAD)
    }
}

struct Env {
    remote: NetworkStream,
    stream: MemoryStream,
    _server: Arc<Running>,
    _files: Files,
}

impl StreamEnv for Env {
    type Stream = NetworkStream;

    fn stream(&self) -> &NetworkStream {
        &self.remote
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.stream.append(parcels)?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.stream.truncate(before)?)
    }
}

stream_suite!(mod ours_encrypted_with_a_token: Harness);
