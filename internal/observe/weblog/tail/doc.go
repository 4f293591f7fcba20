// Package tail follows log files across rotation: renamed and created anew,
// copied and truncated, deleted, replaced by another target of a symbolic link;
// and across restarts of its own. No line that stays readable is lost, and none
// comes twice.
//
// A Follower polls. Notifications of changes can be dropped, end at symbolic links
// and bind mounts and say nothing that stat does not, so whoever relies on them
// loses lines when writing and renaming come close together (nxadm/tail, which
// reads from one file at a time, has that as its issue 72). A poll is two system
// calls a file. Since it is a plain call without a clock or goroutines, tests say
// when it happens.
//
// What is known of a file is its identity (device and inode), its first bytes and
// how far it has been read. The identity tells a renamed file from a new one, the
// first bytes tell one that was truncated and has grown again.
package tail
