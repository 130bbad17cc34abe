//! Gzip (RFC 1952, RFC 1951) for one purpose: a long run of one byte, which becomes a few.
//!
//! What is around the run is stored as it is. The run is its first byte and then matches of the longest length, each with the
//! byte before it: 13 bits of the fixed code for 258 bytes.

/// The longest match, and its code with that of the distance of one: 285 is 11000101 and 0 is 00000, first bit first.
const MATCH: usize = 258;
const MATCH_CODE: (u16, u32) = (0b00000_10100011, 13);

/// `before`, then `byte` at least `count` times, then `after`. The count is rounded up to one byte and whole matches.
pub(crate) fn gzip(before: &[u8], byte: u8, count: usize, after: &[u8]) -> Vec<u8> {
    let matches = count.saturating_sub(1).div_ceil(MATCH);
    let run = 1 + matches * MATCH;
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], held: 0, count: 0 };
    bits.stored(before, false);
    bits.push(0b010, 3); // not the last block, fixed code
    bits.literal(byte);
    for _ in 0..matches {
        bits.push(MATCH_CODE.0, MATCH_CODE.1);
    }
    bits.push(0, 7); // the end of the block
    bits.stored(after, true);
    let mut sum = Crc(!0);
    let length = before.len() + run + after.len();
    before.iter().for_each(|byte| sum.add(*byte));
    (0..run).for_each(|_| sum.add(byte));
    after.iter().for_each(|byte| sum.add(*byte));
    bits.bytes.extend_from_slice(&(!sum.0).to_le_bytes());
    // Modulo 2^32, as the format has it.
    bits.bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// The lowest bit first.
    fn push(&mut self, bits: u16, count: u32) {
        self.held |= u32::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// A byte below 144, in eight bits, the highest first.
    fn literal(&mut self, byte: u8) {
        self.push(u16::from((byte + 0x30).reverse_bits()), 8);
    }

    /// A block of bytes as they are; at most 65,535 of them.
    fn stored(&mut self, bytes: &[u8], last: bool) {
        self.push(u16::from(last), 3);
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
        let length = bytes.len() as u16;
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&(!length).to_le_bytes());
        self.bytes.extend_from_slice(bytes);
    }
}

/// CRC-32 as gzip has it, four bits at a time.
struct Crc(u32);

impl Crc {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut at = 0;
        while at < 16 {
            let mut value = at as u32;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[at] = value;
            at += 1;
        }
        table
    };

    fn add(&mut self, byte: u8) {
        for half in [byte, byte >> 4] {
            let at = (self.0 ^ u32::from(half)) & 15;
            self.0 = self.0 >> 4 ^ Self::TABLE[at as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Crc, gzip};

    /// The check value of the catalogue of parametrised CRC algorithms.
    #[test]
    fn the_sum_is_that_of_gzip() {
        let mut sum = Crc(!0);
        b"123456789".iter().for_each(|byte| sum.add(*byte));
        assert_eq!(!sum.0, 0xcbf4_3926);
    }

    #[test]
    fn a_run_becomes_a_few_bytes() {
        let bomb = gzip(b"<", b'x', 1 << 20, b">");
        assert!(bomb.len() < (1 << 20) / 100, "{}", bomb.len());
        // 1 + 4,065 matches + 2: what was claimed, rounded up.
        assert_eq!(bomb[bomb.len() - 4..], (1 + 4_065 * 258 + 2_u32).to_le_bytes());
    }
}
