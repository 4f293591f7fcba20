package month

import (
	"downpour"
)

const (
	tcp = downpour.ProtocolTCP
	udp = downpour.ProtocolUDP
)

// member is a sort of target: what it usually has, and what happens to it now and
// then.
type member struct {
	name     string
	habits   func() []habit
	episodes []episode
}

// episode is something that happens to a target now and then.
type episode struct {
	shape
	name    string
	perDay  float64 // on average; 0: every night at the hour given by at
	at      float64 // hour at which it begins, if every night
	minutes [2]float64
	rate    [2]float64 // packets/s both ways
	rise    float64    // share of its length in which it rises
	bursts  float64
	season  season
}

// The shapes of packets. Incoming shares are of packets: of a download two come for
// each that goes (RFC 9293, 3.8.6.3).
func download(peers int) shape {
	return shape{protocol: tcp, port: 443, peers: peers, in: 0.67, inBytes: 1400, outBytes: 60, opens: 0.002}
}

func upload(port uint16, peers int) shape {
	return shape{protocol: tcp, port: port, server: true, peers: peers, in: 0.67, inBytes: 1400, outBytes: 60, opens: 0.002}
}

func served(port uint16, peers int) shape {
	return shape{protocol: tcp, port: port, server: true, peers: peers, in: 0.42, inBytes: 140, outBytes: 1100, opens: 0.06}
}

var (
	film     = shape{protocol: udp, port: 443, peers: 2, in: 0.8, inBytes: 1250, outBytes: 70}
	play     = shape{protocol: udp, port: 3074, peers: 1, in: 0.5, inBytes: 160, outBytes: 90}
	talking  = shape{protocol: udp, port: 16384, peers: 2, in: 0.5, inBytes: 210, outBytes: 210}
	sharing  = shape{protocol: udp, port: 6881, peers: 120, in: 0.55, inBytes: 1100, outBytes: 700}
	names    = shape{protocol: udp, port: 53, peers: 2, in: 0.5, inBytes: 180, outBytes: 70}
	knocks   = shape{protocol: tcp, port: 23, server: true, peers: 40, in: 1, inBytes: 44, opens: 1}
	echoes   = shape{protocol: 1, icmp: 8, server: true, peers: 20, in: 0.5, inBytes: 84, outBytes: 84}
	tunnelUD = shape{protocol: udp, port: 4500, server: true, peers: 60, in: 0.5, inBytes: 900, outBytes: 700}
)

// noise is what every address gets: knocks of scanners, and now and then a ping.
func noise() []habit {
	return []habit{{shape: knocks, most: 0.4, season: always}, {shape: echoes, most: 0.1, season: always}}
}

// scans come to everybody.
var scans = []episode{
	{shape: knocks, name: "scan", perDay: 0.05, minutes: [2]float64{0.2, 3}, rate: [2]float64{50, 900}, season: always},
}

func home() member {
	return member{
		name: "home",
		habits: func() []habit {
			return append(noise(),
				habit{shape: download(30), most: 350, season: wave(20.5, 0.06), on: 0.5, bursts: 1.2},
				habit{shape: film, most: 1100, season: wave(21, 0.05), on: 0.45, bursts: 1.3},
				habit{shape: play, most: 120, season: weekend, on: 0.25, bursts: 0.2},
				habit{shape: talking, most: 180, season: wave(15, 0.05), on: 0.1, bursts: 0.1},
				habit{shape: names, most: 1.5, season: wave(20, 0.1)})
		},
		episodes: append([]episode{
			{shape: download(8), name: "speed test", perDay: 0.08, minutes: [2]float64{0.2, 0.5}, rate: [2]float64{15_000, 120_000}, bursts: 0.1, season: wave(20, 0.1)},
			{shape: download(4), name: "download of a game", perDay: 0.15, minutes: [2]float64{5, 60}, rate: [2]float64{4000, 60_000}, bursts: 0.3, season: wave(20, 0.1)},
			{shape: sharing, name: "file sharing", perDay: 0.1, minutes: [2]float64{30, 240}, rate: [2]float64{800, 9000}, bursts: 0.5, season: weekend},
		}, scans...),
	}
}

// gateway is an address that hundreds of homes or desks share.
func gateway(scale float64, day season) member {
	return member{
		name: "gateway",
		habits: func() []habit {
			return append(noise(),
				habit{shape: download(4000), most: 60_000 * scale, season: day, bursts: 0.15},
				habit{shape: shape{protocol: udp, port: 443, peers: 900, in: 0.78, inBytes: 1200, outBytes: 80}, most: 60_000 * scale, season: day, bursts: 0.2},
				habit{shape: shape{protocol: udp, port: 3074, peers: 300, in: 0.5, inBytes: 160, outBytes: 90}, most: 5000 * scale, season: day, bursts: 0.1},
				habit{shape: shape{protocol: udp, port: 53, peers: 6, in: 0.5, inBytes: 180, outBytes: 70}, most: 1200 * scale, season: day, bursts: 0.3})
		},
		episodes: append([]episode{
			{shape: download(300), name: "release of an update", perDay: 0.06, minutes: [2]float64{60, 300}, rate: [2]float64{30_000 * scale, 120_000 * scale}, rise: 0.1, bursts: 0.2, season: wave(19, 0.3)},
			{shape: download(8), name: "speed test", perDay: 3, minutes: [2]float64{0.2, 0.5}, rate: [2]float64{15_000, 90_000}, bursts: 0.1, season: day},
		}, scans...),
	}
}

func webServer(visits float64) member {
	return member{
		name: "web server",
		habits: func() []habit {
			return append(noise(),
				habit{shape: served(443, 600), most: visits * 40, season: wave(14, 0.15), bursts: 0.5},
				habit{shape: names, most: visits * 0.2, season: wave(14, 0.15), bursts: 0.5})
		},
		episodes: append([]episode{
			{shape: served(443, 20_000), name: "flash crowd", perDay: 0.12, minutes: [2]float64{20, 240}, rate: [2]float64{visits * 100, visits * 900}, rise: 0.15, bursts: 0.4, season: wave(15, 0.3)},
			{shape: served(443, 3), name: "crawler", perDay: 0.5, minutes: [2]float64{10, 120}, rate: [2]float64{visits * 10, visits * 60}, bursts: 0.3, season: always},
			{shape: upload(22, 1), name: "nightly backup", at: 2.5, minutes: [2]float64{10, 40}, rate: [2]float64{500, 3000}, bursts: 0.3},
		}, scans...),
	}
}

func backupServer() member {
	return member{
		name: "backup server",
		habits: func() []habit {
			return append(noise(), habit{shape: upload(443, 3), most: 150, season: office, bursts: 0.8})
		},
		episodes: append([]episode{
			{shape: upload(443, 40), name: "nightly backups", at: 1, minutes: [2]float64{150, 240}, rate: [2]float64{40_000, 110_000}, rise: 0.05, bursts: 0.3},
			{shape: upload(443, 1), name: "full copy", perDay: 0.05, minutes: [2]float64{60, 300}, rate: [2]float64{30_000, 120_000}, bursts: 0.2, season: always},
		}, scans...),
	}
}

func cache() member {
	return member{
		name: "cache of a CDN",
		habits: func() []habit {
			return append(noise(),
				habit{shape: shape{protocol: tcp, port: 443, server: true, peers: 20_000, in: 0.36, inBytes: 80, outBytes: 1400, opens: 0.01}, most: 60_000, season: wave(20.5, 0.15), bursts: 0.1},
				habit{shape: download(4), most: 4000, season: wave(20.5, 0.2), bursts: 0.6})
		},
		episodes: append([]episode{
			{shape: download(4), name: "fill", perDay: 0.8, minutes: [2]float64{10, 90}, rate: [2]float64{60_000, 350_000}, bursts: 0.2, season: wave(4, 0.3)},
			{shape: shape{protocol: tcp, port: 443, server: true, peers: 60_000, in: 0.36, inBytes: 80, outBytes: 1400, opens: 0.01}, name: "broadcast", perDay: 0.08, minutes: [2]float64{60, 180}, rate: [2]float64{60_000, 300_000}, rise: 0.1, bursts: 0.1, season: wave(20, 0.1)},
		}, scans...),
	}
}

func gameServer(players float64) member {
	crowd := shape{protocol: udp, port: 27015, server: true, peers: int(players), in: 0.45, inBytes: 110, outBytes: 300}
	return member{
		name: "game server",
		habits: func() []habit {
			return append(noise(), habit{shape: crowd, most: players * 60, season: weekend, bursts: 0.1})
		},
		episodes: append([]episode{
			{shape: crowd, name: "tournament", perDay: 0.1, minutes: [2]float64{60, 240}, rate: [2]float64{players * 40, players * 200}, rise: 0.1, bursts: 0.1, season: weekend},
		}, scans...),
	}
}

func resolver(queries float64) member {
	return member{
		name: "resolver",
		habits: func() []habit {
			return append(noise(),
				habit{shape: shape{protocol: udp, port: 53, server: true, peers: 3000, in: 0.5, inBytes: 72, outBytes: 190}, most: queries * 2, season: wave(20, 0.15), bursts: 0.2},
				habit{shape: shape{protocol: udp, port: 53, peers: 2000, in: 0.5, inBytes: 210, outBytes: 75}, most: queries * 0.5, season: wave(20, 0.15), bursts: 0.3})
		},
		episodes: scans,
	}
}

// companyDoor is where a company's tunnels, calls and meetings end.
func companyDoor() member {
	return member{
		name: "VPN and telephony of a company",
		habits: func() []habit {
			return append(noise(),
				habit{shape: tunnelUD, most: 5000, season: office, bursts: 0.4},
				habit{shape: shape{protocol: 50, peers: 3, in: 0.5, inBytes: 900, outBytes: 900}, most: 3000, season: office, bursts: 0.4},
				habit{shape: shape{protocol: udp, port: 16384, peers: 80, in: 0.5, inBytes: 210, outBytes: 210}, most: 4000, season: office, bursts: 0.1},
				habit{shape: shape{protocol: udp, port: 3478, peers: 5, in: 0.5, inBytes: 900, outBytes: 900}, most: 2000, season: office, bursts: 0.3})
		},
		episodes: append([]episode{
			{shape: shape{protocol: 50, peers: 2, in: 0.8, inBytes: 1350, outBytes: 90}, name: "nightly copy", at: 23, minutes: [2]float64{30, 120}, rate: [2]float64{8000, 40_000}, bursts: 0.3},
			{shape: shape{protocol: udp, port: 3478, peers: 12, in: 0.5, inBytes: 1000, outBytes: 1000}, name: "large meeting", perDay: 0.3, minutes: [2]float64{20, 90}, rate: [2]float64{8000, 30_000}, rise: 0.1, bursts: 0.2, season: office},
		}, scans...),
	}
}

func mailServer() member {
	return member{
		name: "mail server",
		habits: func() []habit {
			return append(noise(),
				habit{shape: shape{protocol: tcp, port: 25, server: true, peers: 300, in: 0.6, inBytes: 700, outBytes: 90, opens: 0.05}, most: 600, season: office, bursts: 0.7},
				habit{shape: names, most: 60, season: office, bursts: 0.5})
		},
		episodes: append([]episode{
			{shape: shape{protocol: tcp, port: 25, server: true, peers: 900, in: 0.6, inBytes: 900, outBytes: 90, opens: 0.05}, name: "newsletters", perDay: 0.4, minutes: [2]float64{5, 30}, rate: [2]float64{600, 5000}, rise: 0.1, bursts: 0.4, season: office},
		}, scans...),
	}
}
