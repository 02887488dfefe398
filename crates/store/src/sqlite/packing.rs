//! Chunks of events, compressed where that helps.

use std::io;

/// Shorter chunks are stored as they are: little to gain, and most executions are short.
const PACKED_FROM: usize = 512;

/// Greater chunks are neither packed nor believed: SQLite holds no blob greater than 1 GB.
/// No quota: what SQLite can hold.
const UNPACKED_MAX: usize = 1_000_000_000;

/// A buffer greater than this is given back after use.
const BUFFER_KEPT: usize = 1 << 20;

const LEVEL: i32 = 1;

/// Compresses; keeps its context and buffer between chunks.
pub(super) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    buffer: Vec<u8>,
}

/// What to store.
pub(super) struct Packed<'a> {
    /// The bytes.
    pub(super) data: &'a [u8],
    /// How long they are unpacked; 0 where they are not packed.
    pub(super) unpacked_size: i64,
}

impl Packer {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { compressor: zstd::bulk::Compressor::new(LEVEL)?, buffer: Vec::new() })
    }

    /// The events as they are to be stored.
    pub(super) fn pack<'a>(&'a mut self, events: &'a [u8]) -> io::Result<Packed<'a>> {
        let as_is = Packed { data: events, unpacked_size: 0 };
        if events.len() <= PACKED_FROM || events.len() > UNPACKED_MAX {
            return Ok(as_is);
        }
        if self.buffer.capacity() > BUFFER_KEPT {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.buffer.reserve(zstd::zstd_safe::compress_bound(events.len()));
        let size = self.compressor.compress_to_buffer(events, &mut self.buffer)?;
        if size > events.len() - events.len() / 8 {
            return Ok(as_is);
        }
        Ok(Packed { data: &self.buffer, unpacked_size: events.len() as i64 })
    }
}

/// Decompresses; keeps its context between chunks.
pub(super) struct Unpacker {
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl Unpacker {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { decompressor: zstd::bulk::Decompressor::new()? })
    }

    /// The events again. Fails on bytes that [`Packer::pack`] did not make.
    pub(super) fn unpack(&mut self, data: &[u8], unpacked_size: i64) -> io::Result<Vec<u8>> {
        if unpacked_size == 0 {
            return Ok(data.to_vec());
        }
        let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let size = usize::try_from(unpacked_size).ok().filter(|size| *size <= UNPACKED_MAX);
        let size = size.ok_or_else(|| wrong("a chunk of events has an impossible size"))?;
        let mut events = Vec::new();
        events.try_reserve_exact(size)?;
        self.decompressor.decompress_to_buffer(data, &mut events)?;
        if events.len() != size {
            return Err(wrong("a chunk of events has another size than noted"));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_read_back_and_only_what_shrinks_is_packed() {
        let repeated = b"{\"state\":\"A\"}".repeat(100);
        let mut noise = Vec::new();
        let mut seed = 1_u64;
        for _ in 0..2_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            noise.push((seed >> 56) as u8);
        }
        let mut packer = Packer::new().expect("a packer");
        let mut unpacker = Unpacker::new().expect("an unpacker");
        for (events, packs) in
            [(Vec::new(), false), (repeated[..512].to_vec(), false), (noise, false), (repeated, true)]
        {
            let packed = packer.pack(&events).expect("packed");
            assert_eq!(packed.unpacked_size != 0, packs, "{} bytes", events.len());
            assert!(packed.data.len() <= events.len());
            assert_eq!(unpacker.unpack(packed.data, packed.unpacked_size).expect("unpacked"), events);
        }
    }

    #[test]
    fn damaged_chunks_are_refused() {
        let events = vec![7; 1_000];
        let mut packer = Packer::new().expect("a packer");
        let packed = packer.pack(&events).expect("packed");
        let mut unpacker = Unpacker::new().expect("an unpacker");
        let cases: [(&[u8], i64); 5] =
            [(packed.data, 999), (packed.data, 1_001), (packed.data, -1), (packed.data, i64::MAX), (b"no zstd", 10)];
        for (data, size) in cases {
            assert!(unpacker.unpack(data, size).is_err(), "{size}");
        }
    }
}
