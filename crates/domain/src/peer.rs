//! Where a request came from on the network. A header says so only if a proxy that we configured wrote it.

use std::net::IpAddr;

/// The client's address: the socket's peer, or, if that is a trusted proxy, the last address in `X-Forwarded-For` that is
/// not one. Entries that are no addresses end the search: nobody trusted wrote them.
pub fn client_address(peer: IpAddr, forwarded_for: Option<&str>, trusted_proxies: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    for entry in forwarded_for.unwrap_or_default().rsplit(',') {
        if !trusted_proxies.contains(&client) {
            break;
        }
        let Ok(address) = entry.trim().parse() else { break };
        client = address;
    }
    client
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
    }
}
