//! What the system says of a process: its memory and its time. Only where there is `/proc`.

use std::fs;

/// VmRSS, in bytes.
pub(crate) fn resident(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The processor time that it has used, its own and the system's for it, in seconds.
pub(crate) fn busy(id: u32) -> Option<f64> {
    /// Ticks a second: Linux has had so many, as far as programs are told, for as long as it tells them.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before may hold blanks, in parentheses. Of what follows, the 12th and 13th are the two times.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((fields.next()? + fields.next()?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_memory_and_time() {
        if fs::exists("/proc/self/status").unwrap() {
            let own = std::process::id();
            assert!(resident(own).unwrap() > 100_000);
            let before = busy(own).unwrap();
            let mut digest = 0_u64;
            while busy(own).unwrap() == before {
                digest = std::hint::black_box(digest.wrapping_add(1));
            }
        }
        assert_eq!(resident(u32::MAX), None);
    }
}
