// Package listing prints records of flow export, one a line, as `downpour decode`
// does: JSON objects or CSV.
//
// A line has the keys of Keys where the exporter sent them and `other` for the
// rest of the record under the names of IANA's registry (RFC 7012), or
// `enterprise.element`. What was not sent is absent; `sampling` is 1 if none is
// known, and bytes_estimated and packets_estimated are the counts times it.
//
// # Which information element is which key
//
//	start, end            150 to 159, 21, 22 (with the header's clock), 322 to 325, 160, 161, 162
//	source, destination   8, 27, 44, 170; 12, 28, 45, 169; of packet sections (104, 313, 315) their packet's
//	source_port           7, 180, 182          destination_port  11, 181, 183
//	protocol              4                    tcp_flags         6
//	tos                   5                    ttl               192, 52, 53
//	bytes                 1, 85, 23, 171, 352, 231      packets  2, 86, 24, 172, 298
//	input_interface       10, 252              output_interface  14, 253
//	source_as             16                   destination_as    17
//	next_hop              15, 62               vlan              58, 243
//	source_mac            56                   destination_mac   80
//	icmp_type, icmp_code  32, 139, 176 to 179  fragment          88, 197
//
// Where a record has several elements of one key, that one is taken which the
// record of the intake has (the first above, that is not 0), and the others stay
// under `other`.
package listing
