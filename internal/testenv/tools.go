package testenv

// The exporters and collectors of flow export that tests run against.

// Softflowd exports the flows of a capture as NetFlow v5, v9 and IPFIX.
func Softflowd() Tool { return Tool{"softflowd", []string{"softflowd"}, "softflowd"} }

// Nfcapd is the collector of nfdump, which stores flows.
func Nfcapd() Tool { return Tool{"nfdump's collector", []string{"nfcapd"}, "nfdump"} }

// Nfdump reads what Nfcapd has stored.
func Nfdump() Tool { return Tool{"nfdump", []string{"nfdump"}, "nfdump"} }

// Nfpcapd makes flows of a capture.
func Nfpcapd() Tool { return Tool{"nfdump's flow cache", []string{"nfpcapd"}, "nfdump"} }

// Nfreplay sends stored flows as NetFlow.
func Nfreplay() Tool { return Tool{"nfdump's sender", []string{"nfreplay"}, "nfdump"} }

// Pmacctd makes NetFlow, IPFIX and sFlow of a capture.
func Pmacctd() Tool { return Tool{"pmacct", []string{"pmacctd"}, "pmacct"} }

// Sfacctd is pmacct's collector of sFlow.
func Sfacctd() Tool { return Tool{"pmacct's collector", []string{"sfacctd"}, "pmacct"} }

// Alertmanager is Prometheus', which alerts are sent to.
func Alertmanager() Tool {
	return Tool{"Alertmanager", []string{"prometheus-alertmanager", "alertmanager"}, "prometheus-alertmanager"}
}

// FastNetMon is the detector whose configuration can be imported.
func FastNetMon() Tool { return Tool{"FastNetMon", []string{"fastnetmon"}, "fastnetmon"} }
