//! Random numbers that can be had again.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// xorshift64*
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// From `IPCADM_TEST_SEED`, or from the clock; says which, for the next
    /// time.
    pub fn new() -> Self {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
        let seed = env::var("IPCADM_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(clock);
        // The test runner shows it when the test fails.
        eprintln!("again with the same objects: IPCADM_TEST_SEED={seed}");
        Self(seed | 1)
    }

    /// The next number; any.
    pub fn any(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.any() >> 16) % limit
    }

    /// True in one of so many cases.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    pub fn of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len() as u64) as usize]
    }

    /// A user or group: known ones, unknown ones, and those that do not fit
    /// into 16 bits or look negative.
    pub fn account(&mut self) -> u32 {
        let known = [0, 1, 2, 65534, 65535, 65536, 4_294_967_294, 2_147_483_648];
        match self.below(3) {
            0 => *self.of(&known),
            1 => self.below(70_000) as u32,
            _ => self.below(u64::from(u32::MAX)) as u32,
        }
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
