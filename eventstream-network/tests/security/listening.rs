use eventstream_network::{NetworkServerBuilder, ServeError, Tokens};
use tokio::net::TcpListener;

use crate::certificates::{Authority, Files, serving};

async fn listen(builder: NetworkServerBuilder) -> Result<(), ServeError> {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let server = builder.build().unwrap();
    let checked = server.check_address(listener.local_addr().unwrap());
    let ended = server.serve(listener, async {}).await;
    // Whoever asks before is told the same.
    assert_eq!(format!("{checked:?}"), format!("{ended:?}"));
    ended
}

#[tokio::test]
async fn others_are_let_near_only_if_all_is_encrypted_and_somebody_asks_who_they_are() {
    let (files, authority) = (Files::new(), Authority::new("ours"));
    let ca = files.write("ca.pem", &authority.pem);
    let tls = files.tls(&authority.issue("127.0.0.1"));
    let tokens = || "0123456789abcdef read *".parse::<Tokens>().unwrap();

    for builder in [serving(), serving().authorizer(tokens())] {
        let refused = listen(builder).await.unwrap_err();
        assert!(matches!(refused, ServeError::Insecure { .. }), "{refused:?}");
        assert!(refused.to_string().contains("nothing is encrypted"), "{refused}");
    }
    let refused = listen(serving().tls(tls.clone())).await.unwrap_err();
    assert!(refused.to_string().contains("nobody is asked who they are"), "{refused}");

    listen(serving().tls(tls.clone()).authorizer(tokens())).await.unwrap();
    listen(serving().tls(tls.clone().client_ca(ca))).await.unwrap();
    listen(serving().tls(tls).insecure_beyond_loopback()).await.unwrap();
    listen(serving().insecure_beyond_loopback()).await.unwrap();
}
