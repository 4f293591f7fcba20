package capture

import "golang.org/x/net/bpf"

// snapLength is how much of a packet is copied, in bytes: link header, two tags,
// IPv6, TCP with options and what it takes to know a payload, within VXLAN too.
const snapLength = 256

// filter is the program that the kernel runs on every packet: it takes one of so
// many, each independently of the others, and no more than snapLength of it.
func filter(sampling uint32) ([]bpf.RawInstruction, error) {
	take := bpf.RetConstant{Val: snapLength}
	if sampling <= 1 {
		return bpf.Assemble([]bpf.Instruction{take})
	}
	return bpf.Assemble([]bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtRand},
		bpf.ALUOpConstant{Op: bpf.ALUOpMod, Val: sampling},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipFalse: 1},
		take,
		bpf.RetConstant{Val: 0},
	})
}
