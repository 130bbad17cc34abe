//! How many descriptors a process may have: each connection is one.

use anyhow::{Context, Result, ensure};
use rlimit::Resource;

/// A call has a connection to the gateway, one from there to the provider that is asked, and another one waits, as the provider
/// that was asked before may be asked again.
const EACH: u64 = 3;
/// What a process has besides.
const OTHERS: u64 = 250;

/// Raises the limit of this process and all that it starts, as far as the system lets, and says what it is then.
pub(crate) fn raised(concurrent: u64) -> Result<u64> {
    let wanted = EACH * concurrent + OTHERS;
    let (soft, hard) = Resource::NOFILE.get().context("the limit of descriptors is not known")?;
    if soft < wanted {
        // The hard limit too, for whoever may.
        let raised = hard < wanted && Resource::NOFILE.set(wanted, wanted).is_ok();
        if !raised {
            Resource::NOFILE
                .set(hard.min(wanted), hard)
                .context("the limit of descriptors cannot be raised")?;
        }
    }
    let (soft, _) = Resource::NOFILE.get()?;
    ensure!(
        soft >= concurrent + OTHERS,
        "{concurrent} callers need as many connections, and a process may have {soft} descriptors: see `ulimit -Hn`"
    );
    Ok(soft)
}

/// How many gateways it takes, so that none of them runs out of descriptors: one, where the system lets.
pub(crate) fn gateways(concurrent: u64, limit: u64) -> u64 {
    (EACH * concurrent).div_ceil(limit.saturating_sub(OTHERS).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gateway_where_the_system_lets() {
        assert_eq!(gateways(10_000, 1_048_576), 1);
        assert_eq!(gateways(10_000, 30_250), 1);
        assert_eq!(gateways(10_000, 20_000), 2);
        assert_eq!(gateways(1, 1_024), 1);
    }
}
