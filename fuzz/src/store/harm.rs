use arbitrary::{Result, Unstructured};

use super::FilesOf;

/// So often something is done to a file at most.
const MOST: usize = 8;

/// Does to the files what the input says.
pub(super) fn harm(files: &mut FilesOf, input: &mut Unstructured<'_>) {
    for _ in 0..MOST {
        // The input is used up, or there is nothing left.
        if input.is_empty() || files.is_empty() || once(files, input).is_err() {
            break;
        }
    }
}

fn once(files: &mut FilesOf, input: &mut Unstructured<'_>) -> Result<()> {
    let names: Vec<_> = files.keys().cloned().collect();
    let name = input.choose(&names)?;
    let kind = input.int_in_range(0..=9)?;
    let at = usize::from(input.arbitrary::<u16>()?);
    let value: [u8; 8] = input.arbitrary()?;
    let file = files.entry(name.clone()).or_default();
    match kind {
        0 => flip(file, at, value[0]),
        1 => put(file, at, &value[..1]),
        2 | 3 => put(file, at, &value[..4]),
        4 | 5 => put(file, at, &value),
        6 => file.truncate(at),
        7 => file.extend(value.repeat(at / 16)),
        8 => {
            files.remove(name);
        }
        _ => swap(files, name, &names[usize::from(value[0]) % names.len()], value),
    }
    Ok(())
}

fn flip(file: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = at.checked_rem(file.len()).and_then(|at| file.get_mut(at)) {
        *byte ^= bits.max(1);
    }
}

fn put(file: &mut [u8], at: usize, value: &[u8]) {
    let at = at.checked_rem(file.len()).unwrap_or_default();
    for (byte, value) in file[at..].iter_mut().zip(value) {
        *byte = *value;
    }
}

/// Two files change places, or one gets a name of other offsets.
fn swap(files: &mut FilesOf, one: &str, other: &str, value: [u8; 8]) {
    let Some(content) = files.remove(one) else { return };
    let other = match one.split_once('.') {
        Some((_, kind)) if value[1] & 1 == 0 => {
            let number = u64::from_le_bytes(value);
            let next = number.saturating_add(u64::from(value[2]));
            if kind == "log" {
                format!("{number:020}.log")
            } else {
                format!("{number:020}-{next:020}.{kind}")
            }
        }
        _ => other.to_owned(),
    };
    if let Some(replaced) = files.insert(other, content) {
        files.insert(one.to_owned(), replaced);
    }
}
