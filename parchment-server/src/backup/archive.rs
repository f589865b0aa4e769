//! The bytes of a backup: a tar archive that could not look otherwise.
//!
//! Reading asks for the very bytes that writing would have written, headers and padding included. So there is no
//! second reading of an archive, no entry that leads elsewhere, and no byte that can change unnoticed; and nothing
//! unpacks to more than was there.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use parchment_core::encoding::hex;
use sha2::{Digest as _, Sha256};

use super::{
    BackupError, create_private,
    manifest::{DATABASE, KEY, Manifest, Part},
};

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";

/// What a tar archive is made of, in bytes; two empty blocks end it.
const BLOCK: u64 = 512;

/// The longest manifest.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;

/// Writes a backup of the files in `folder`, which the manifest describes.
pub(super) fn pack(manifest: &Manifest, folder: &Path, to: &File, seconds: u64) -> io::Result<()> {
    let mut archive = tar::Builder::new(BufWriter::new(to));
    let text = serde_json::to_string_pretty(manifest)? + "\n";
    archive.append(&header(MANIFEST, text.len() as u64, seconds), text.as_bytes())?;
    for part in &manifest.parts {
        let file = BufReader::new(File::open(folder.join(&part.name))?);
        archive.append(&header(&part.name, part.bytes, seconds), file)?;
    }
    let sums = sums(&hex(&Sha256::digest(&text)), &manifest.parts);
    archive.append(&header(SUMS, sums.len() as u64, seconds), sums.as_bytes())?;
    archive.into_inner()?.flush()
}

/// Reads a backup to its last byte and writes its parts into `folder`, each readable by its owner only.
pub(super) fn unpack(file: &Path, folder: &Path) -> Result<Manifest, BackupError> {
    let opened = File::open(file).map_err(BackupError::file(file))?;
    let length = opened.metadata().map_err(BackupError::file(file))?.len();
    let mut archive = Archive {
        from: BufReader::new(opened),
        file,
    };
    let (manifest, text, seconds) = archive.manifest()?;
    let sums = sums(&hex(&Sha256::digest(&text)), &manifest.parts);
    check_length(length, text.len() as u64, &manifest, sums.len() as u64)?;
    for part in &manifest.parts {
        archive.expect(header(&part.name, part.bytes, seconds).as_bytes(), &part.name)?;
        archive.part(part, &folder.join(&part.name))?;
    }
    archive.expect(header(SUMS, sums.len() as u64, seconds).as_bytes(), SUMS)?;
    archive.expect(sums.as_bytes(), MANIFEST)?;
    archive.padding(sums.len() as u64)?;
    archive.expect(&[0; 2 * BLOCK as usize], "end")?;
    Ok(manifest)
}

/// Tells a file that was cut off from one that was changed, before anything is unpacked.
fn check_length(length: u64, manifest_bytes: u64, manifest: &Manifest, sums_bytes: u64) -> Result<(), BackupError> {
    let contents = manifest
        .parts
        .iter()
        .map(|part| part.bytes)
        .chain([manifest_bytes, sums_bytes]);
    let entries = contents.map(|bytes| bytes.checked_next_multiple_of(BLOCK)?.checked_add(BLOCK));
    let whole = entries
        .chain([Some(2 * BLOCK)])
        .try_fold(0_u64, |sum, bytes| sum.checked_add(bytes?));
    match whole {
        Some(whole) if whole == length => Ok(()),
        Some(whole) if whole > length => Err(BackupError::bad(format!(
            "it is cut off: {length} bytes are there, and its manifest describes {whole}"
        ))),
        _ => Err(BackupError::bad(format!(
            "it has {length} bytes, which is not what its manifest describes"
        ))),
    }
}

struct Archive<'a> {
    from: BufReader<File>,
    file: &'a Path,
}

impl Archive<'_> {
    /// The first entry: the one whose length and time are believed, since the last entry vouches for it.
    fn manifest(&mut self) -> Result<(Manifest, Vec<u8>, u64), BackupError> {
        let foreign = || BackupError::bad("it is not a backup of parchment-server, or its beginning is damaged");
        let mut block = [0; BLOCK as usize];
        self.read(&mut block).map_err(|error| match error {
            BackupError::Bad(_) => foreign(),
            error => error,
        })?;
        let read = tar::Header::from_byte_slice(&block);
        let (Ok(size), Ok(seconds)) = (read.entry_size(), read.mtime()) else {
            return Err(foreign());
        };
        if header(MANIFEST, size, seconds).as_bytes() != &block || size > MAX_MANIFEST_BYTES {
            return Err(foreign());
        }
        let mut text = Vec::new();
        let read = (&mut self.from).take(size).read_to_end(&mut text);
        if read.map_err(BackupError::file(self.file))? as u64 != size {
            return Err(cut_off());
        }
        self.padding(size)?;
        Ok((Manifest::read(&text)?, text, seconds))
    }

    /// Copies a part to a new file and checks its digest.
    fn part(&mut self, part: &Part, to: &Path) -> Result<(), BackupError> {
        let mut out = create_private(to).map_err(BackupError::file(to))?;
        let mut digest = Sha256::new();
        let mut left = part.bytes;
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let some = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let some = &mut buffer[..some];
            self.read(some)?;
            digest.update(&*some);
            out.write_all(some).map_err(BackupError::file(to))?;
            left -= some.len() as u64;
        }
        if hex(&digest.finalize()) != part.sha256 {
            return Err(changed(&part.name));
        }
        self.padding(part.bytes)
    }

    /// The zeros after an entry of so many bytes.
    fn padding(&mut self, bytes: u64) -> Result<(), BackupError> {
        let zeros = [0; BLOCK as usize];
        let length = (BLOCK - bytes % BLOCK) % BLOCK;
        self.expect(&zeros[..length as usize], "padding")
    }

    fn expect(&mut self, expected: &[u8], what: &str) -> Result<(), BackupError> {
        let mut read = vec![0; expected.len()];
        self.read(&mut read)?;
        if read != expected {
            return Err(changed(what));
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), BackupError> {
        self.from.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => cut_off(),
            _ => BackupError::file(self.file)(error),
        })
    }
}

fn cut_off() -> BackupError {
    BackupError::bad("it is cut off: it ends before its last entry")
}

fn changed(what: &str) -> BackupError {
    BackupError::bad(match what {
        DATABASE | KEY | MANIFEST => format!("its {what} is damaged: it is not what its checksum was made of"),
        _ => format!("it is damaged: its {what} is not as it was written"),
    })
}

/// The one header that an entry can have.
fn header(name: &str, bytes: u64, seconds: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    // Cannot fail: the four names are short and plain.
    let _ = header.set_path(name);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(seconds);
    header.set_size(bytes);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    header
}

fn sums(manifest_digest: &str, parts: &[Part]) -> String {
    let mut text = format!("{manifest_digest}  {MANIFEST}\n");
    for part in parts {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}  {}", part.sha256, part.name);
    }
    text
}

/// Describes a file.
pub(super) fn describe(folder: &Path, name: &str) -> io::Result<Part> {
    let mut file = BufReader::new(File::open(folder.join(name))?);
    let mut digest = Sha256::new();
    let bytes = io::copy(&mut file, &mut HashWriter(&mut digest))?;
    Ok(Part {
        name: name.to_owned(),
        bytes,
        sha256: hex(&digest.finalize()),
    })
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
