//! The messages of the protocols, as `prost` makes them of the files in `proto/`.
//!
//! They are checked in, so that whoever uses this crate needs neither `protoc` nor a build script; a
//! test compares them with the files. The server and the client use them for all but events, which
//! are never turned into such a message. They are here for those who write a peer of their own.
//!
//! Their names are those of the protocols' packages: `eventstream.v1.ConsumeRequest` is
//! [`eventstream::v1::ConsumeRequest`]. What each field means stands in the `.proto` files.

/// Made by `prost`: see the test `generated`.
macro_rules! generated {
    ($($name:ident: $file:literal),+) => {
        $(
            #[doc = concat!("The package of `generated/", $file, "`.")]
            #[allow(missing_docs, clippy::all, clippy::pedantic)]
            pub mod $name {
                include!(concat!("generated/", $file));
            }
        )+
    };
}

/// The packages of Dogma.
pub mod dogma {
    /// The older envelope.
    pub mod envelope {
        generated!(v1: "dogma.envelope.v1.rs");
    }

    /// Protocol A and the envelope.
    pub mod interop {
        /// Their only version.
        pub mod v1 {
            generated!(
                envelope: "dogma.interop.v1.envelope.rs",
                eventstream: "dogma.interop.v1.eventstream.rs"
            );
        }
    }

    /// Protocol B.
    pub mod messaging {
        generated!(v1: "dogma.messaging.v1.rs");
    }
}

/// Our own protocol.
pub mod eventstream {
    generated!(v1: "eventstream.v1.rs");
}

/// What every gRPC service may use.
pub mod google {
    generated!(rpc: "google.rpc.rs");
}

/// The services that any gRPC server may have.
pub mod grpc {
    /// Whether it is there.
    pub mod health {
        generated!(v1: "grpc.health.v1.rs");
    }

    /// What it serves.
    pub mod reflection {
        generated!(v1: "grpc.reflection.v1.rs");
    }
}

/// An encoded `google.protobuf.FileDescriptorSet` of all services and what they use.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
