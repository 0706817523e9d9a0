use eventstream_core::{ParkedEvent, ParkedEvents};

use super::{event::Row, full_text::full_text, named};
use crate::{
    args::{ParkedOffsets, RowFormat, ShowParkedArgs},
    commands::database::{self, Found},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(args: ShowParkedArgs) -> Result<(), Failure> {
    let found = database::find_any(&args.which).await?;
    let named = ParkedOffsets { offsets: args.offsets, all: false };
    let mut output = Output::default();
    for (place, offset) in named::offsets(&found, &named).await?.into_iter().enumerate() {
        let Some(parked) = read(&found, offset).await? else {
            return Err(Failure::new(format!(
                "the event at offset {offset} was handled meanwhile"
            )));
        };
        match args.output {
            RowFormat::Json => output.json(&Row::new(&found.consumer, &parked))?,
            RowFormat::Text => {
                if place > 0 {
                    output.line("")?;
                }
                for line in full_text(&found.consumer, &parked) {
                    output.line(&line)?;
                }
            }
        }
    }
    output.flush()
}

async fn read(found: &Found, offset: u64) -> Result<Option<ParkedEvent>, Failure> {
    let page = found.parked.list(&found.consumer.application, offset, 1).await;
    let page = page.map_err(|error| database::failure(&error))?;
    Ok(page.into_iter().next().filter(|parked| parked.event.offset == offset))
}
