package packet

import (
	"encoding/binary"

	"downpour"
)

// markTCP tells what the payload of a TCP segment shows itself to be.
func markTCP(p []byte) downpour.PayloadMark {
	switch {
	case isHTTPAnswer(p):
		return downpour.HTTPAnswer
	case isHTTPRequest(p):
		return downpour.HTTPRequest
	}
	return downpour.Unmarked
}

// markUDP tells what the payload of a UDP datagram shows itself to be. The
// source port says what to look for, and the payload must agree: neither alone
// is proof. Protocols whose answers come from any port are looked for last, and
// only by what random bytes hardly hold.
func markUDP(source, destination uint16, p []byte) downpour.PayloadMark {
	if mark := markByPort(source, p); mark != downpour.Unmarked {
		return mark
	}
	if destination == 53 && isDNS(p, dnsIsQuery) {
		return downpour.DNSQuery
	}
	return markByPayload(source, p)
}

// markByPort looks for the answer of the service that a port belongs to.
func markByPort(port uint16, p []byte) downpour.PayloadMark {
	switch port {
	case 17:
		return markIf(isText(p), downpour.QOTDAnswer)
	case 19:
		return markIf(isText(p), downpour.ChargenAnswer)
	case 53:
		return markIf(isDNS(p, dnsIsAnswer), downpour.DNSAnswer)
	case 69:
		return markIf(isTFTPAnswer(p), downpour.TFTPAnswer)
	case 111:
		return markIf(isRPCReply(p), downpour.PortmapAnswer)
	case 123:
		return markIf(isNTPAnswer(p), downpour.NTPAnswer)
	case 137:
		return markIf(isNetBIOSAnswer(p), downpour.NetBIOSAnswer)
	case 161:
		return markIf(isSNMPAnswer(p), downpour.SNMPAnswer)
	case 389:
		return markIf(isCLDAPAnswer(p), downpour.CLDAPAnswer)
	case 427:
		return markIf(isSLPReply(p), downpour.SLPAnswer)
	case 500:
		return markIf(isISAKMPAnswer(p), downpour.ISAKMPAnswer)
	case 520:
		return markIf(isRIPResponse(p), downpour.RIPAnswer)
	case 623:
		return markIf(isRMCPAnswer(p), downpour.IPMIAnswer)
	case 1194:
		return markIf(isOpenVPNAnswer(p), downpour.OpenVPNAnswer)
	case 1434:
		return markIf(isSQLBrowserAnswer(p), downpour.MSSQLAnswer)
	case 1604:
		return markIf(isCitrixAnswer(p), downpour.CitrixAnswer)
	case 1701:
		return markIf(isL2TPAnswer(p), downpour.L2TPAnswer)
	}
	return markByHighPort(port, p)
}

// markByHighPort goes on above port 2000.
func markByHighPort(port uint16, p []byte) downpour.PayloadMark {
	switch port {
	case 3283:
		return markIf(isARMSAnswer(p), downpour.ARMSAnswer)
	case 3389:
		return markIf(isRDPAnswer(p), downpour.RDPAnswer)
	case 3702:
		return markIf(isSOAP(p), downpour.WSDiscoveryAnswer)
	case 4500: // the same behind four zeros (RFC 3948, 2.2)
		return markIf(len(p) > 4 && binary.BigEndian.Uint32(p) == 0 && isISAKMPAnswer(p[4:]), downpour.ISAKMPAnswer)
	case 5353:
		return markIf(isDNS(p, dnsIsAnswer), downpour.MDNSAnswer)
	case 5683:
		return markIf(isCoAPAnswer(p), downpour.CoAPAnswer)
	case 10001:
		return markIf(isUbiquitiAnswer(p), downpour.UbiquitiAnswer)
	case 11211:
		return markIf(isMemcachedAnswer(p), downpour.MemcachedAnswer)
	case 32410, 32412, 32413, 32414:
		return markIf(isPlexAnswer(p), downpour.PlexAnswer)
	case 33848:
		return markIf(isJenkinsAnswer(p), downpour.JenkinsAnswer)
	case 37810:
		return markIf(isDVRAnswer(p), downpour.DVRDHCPAnswer)
	case 47808:
		return markIf(isBACnet(p), downpour.BACnetAnswer)
	}
	return downpour.Unmarked
}

// markIf is the mark if it is so.
func markIf(so bool, mark downpour.PayloadMark) downpour.PayloadMark {
	if so {
		return mark
	}
	return downpour.Unmarked
}

// markByPayload looks for answers that come from any port, by their first byte.
func markByPayload(port uint16, p []byte) downpour.PayloadMark {
	switch p[0] {
	case 'H':
		return markIf(isSSDPAnswer(p), downpour.SSDPAnswer)
	case 'S':
		return markIf(isSIPAnswer(p), downpour.SIPAnswer)
	case '<':
		return markIf(isProbeMatch(p), downpour.WSDiscoveryAnswer)
	case 'd':
		return markIf(isDHTAnswer(p), downpour.BitTorrentAnswer)
	case 0x00:
		return markIf(port > 1023 && isTFTPTransfer(p), downpour.TFTPAnswer)
	case 0x01:
		return markIf(isSTUNAnswer(p), downpour.STUNAnswer)
	case 0x16:
		return markIf(isDTLSAnswer(p), downpour.DTLSAnswer)
	case 0xfe, 0xff:
		return markGame(p)
	}
	return markIf(isQUICInitial(p), downpour.QUICInitial)
}

// markGame tells the answers of game servers, which begin alike.
func markGame(p []byte) downpour.PayloadMark {
	switch {
	case isQuakeAnswer(p):
		return downpour.QuakeAnswer
	case isSteamAnswer(p):
		return downpour.SteamAnswer
	}
	return downpour.Unmarked
}
