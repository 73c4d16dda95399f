//! Where a request came from on the network. A header says so only if a proxy that we configured wrote it.

use std::net::{IpAddr, Ipv6Addr};

/// Leading bits of an IPv6 address that one customer is given at the least (RFC 6177): who has one address there has all
/// that begin like it.
const IPV6_NETWORK_BITS: u32 = 64;

/// The client's address: the socket's peer, or, if that is a trusted proxy, the last address in `X-Forwarded-For` that is
/// not one. Entries that are no addresses end the search: nobody trusted wrote them.
pub fn client_address(peer: IpAddr, forwarded_for: Option<&str>, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    for entry in forwarded_for.unwrap_or_default().rsplit(',') {
        if !trusted_proxies.contains(&client) {
            break;
        }
        let Ok(address) = entry.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

/// What is counted as one client when there is a limit for each: an IPv4 address, or an IPv6 network.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let host = u128::MAX >> IPV6_NETWORK_BITS;
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_believed_only_from_a_trusted_proxy() {
        let address = |text: &str| -> IpAddr { text.parse().unwrap() };
        let (proxy, inner, client, made_up) =
            (address("10.0.0.1"), address("10.0.0.2"), address("203.0.113.7"), "198.51.100.1");
        assert_eq!(client_address(client, Some(made_up), &[proxy]), client);
        assert_eq!(client_address(proxy, Some(&format!("{made_up}, {client}")), &[proxy]), client);
        assert_eq!(client_address(proxy, Some(&format!("{made_up}, {client}, {inner}")), &[proxy, inner]), client);
        assert_eq!(client_address(proxy, Some("nonsense"), &[proxy]), proxy);
        assert_eq!(client_address(proxy, None, &[proxy]), proxy);
        // A socket that takes both kinds shows an IPv4 peer like this.
        assert_eq!(client_address(address("::ffff:10.0.0.1"), Some("203.0.113.7"), &[proxy]), client);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
    }
}
