package sflow

// version is the only one in use since 2004; 2 and 4 are refused.
const version = 5

// Address types (section "address_type").
const (
	addressUnknown = 0
	addressIPv4    = 1
	addressIPv6    = 2
)

// Formats of samples, those of enterprise 0 (sample_data).
const (
	sampleFlow             = 1
	sampleCounters         = 2
	sampleFlowExpanded     = 3
	sampleCountersExpanded = 4
	sampleDiscarded        = 5 // sFlow Drops, 2020
)

// Formats of a flow sample's records, those of enterprise 0 (flow_data).
const (
	recordHeader   = 1
	recordEthernet = 2
	recordIPv4     = 3
	recordIPv6     = 4
	recordSwitch   = 1001
	recordRouter   = 1002
	recordGateway  = 1003
	recordNAT      = 1007
	recordEgress   = 1029 // VNI, sFlow Tunnel Structures, 2012
	recordIngress  = 1030
)

// Formats of a counter sample's records, those of enterprise 0 (counter_data).
const (
	counterGeneric  = 1
	counterPortName = 1005 // sFlow OpenFlow Structures, 2014
)

// Protocols of a sampled header (section "header_protocol").
const (
	headerEthernet = 1
	headerPPP      = 7
	headerIPv4     = 11
	headerIPv6     = 12
	headerMPLS     = 13
	headerPOS      = 14 // packets over SONET: RFC 1662 or Cisco HDLC
)

// The interface of a sample: format in the two top bits, or in a word of its own
// where expanded (sections "interface", "interface_expanded").
const (
	interfaceIndex     = 0
	interfaceDiscarded = 1 // the value says why
	interfaceMultiple  = 2 // the value says how many, 0 for unknown

	interfaceShift    = 30
	interfaceInternal = 1<<interfaceShift - 1 // from or to the agent itself
	// interfaceInternalExpanded is the same where expanded, by the errata.
	interfaceInternalExpanded = 1<<32 - 1
)

// sourceInterface is the class of data source whose index is an interface
// (section "sflow_data_source": ifIndex; others are VLANs and entities).
const sourceInterface = 0

// sourceShift is where the class stands in a compact data source.
const sourceShift = 24

// Sizes in bytes.
const (
	word             = 4
	tagSize          = 2 * word // of a sample or record: format and length
	flowSampleSize   = 8 * word // up to the records
	flowExpandedSize = 11 * word
	countersSize     = 3 * word
	countersExpanded = 4 * word
	rawHeaderSize    = 4 * word // up to the header itself
	sampledIPv4Size  = 8 * word
	sampledIPv6Size  = 14 * word
	genericSize      = 22 * word
)

// maxFrame bounds a sampled packet's length, in bytes. The longest that exist are
// what segmentation offload hands to a host's agent (BIG TCP: 512 KiB).
const maxFrame = 1 << 20
