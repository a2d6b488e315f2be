// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "acefs/base/result.hpp"

namespace acefs::backing {

/// Lets threads act as the callers they serve, if this process is privileged. Call once, before any thread starts.
///
/// With SECBIT_NO_SETUID_FIXUP a thread keeps its capabilities when its filesystem uid is not 0, so a new node belongs to the
/// caller from its first moment on while acefs alone decides whether it may be made (capabilities(7)). CAP_SYS_RESOURCE goes:
/// it would let every user into the blocks that are reserved for root. Unprivileged: does nothing, act_as() neither.
/// EPERM: privileged in part only (no CAP_SETPCAP, CAP_SETUID, CAP_SETGID or CAP_DAC_OVERRIDE), so not able to serve others.
Status prepare_acting();

/// Whether act_as() has an effect, that is, whether other users can be served.
bool can_act();

/// Makes the calling thread act as `uid` and `gid` on the backing filesystem until the next call: new nodes belong to them,
/// quota and reserved blocks are theirs, and what clears setuid and setgid for them clears it here (CAP_FSETID is held
/// for uid 0 only). Costs nothing when the thread already acts as they.
void act_as(uid_t uid, gid_t gid);

/// While it lives the calling thread acts as `uid` and `gid`; then as whom it acted before.
class ActAs {
 public:
  ActAs(uid_t uid, gid_t gid);
  ~ActAs();
  ActAs(const ActAs&) = delete;
  ActAs& operator=(const ActAs&) = delete;

 private:
  uid_t uid_;
  gid_t gid_;
};

/// While it lives the calling thread acts as the daemon itself (side files belong to it, not to the caller).
class ActAsDaemon : public ActAs {
 public:
  ActAsDaemon() : ActAs(0, 0) {}
};

/// While it lives the calling thread has no right to leave setuid and setgid bits where writing clears them, whoever it acts as.
class LoseSetid {
 public:
  LoseSetid();
  ~LoseSetid();
  LoseSetid(const LoseSetid&) = delete;
  LoseSetid& operator=(const LoseSetid&) = delete;

 private:
  bool lowered_ = false;
};

/// While it lives the calling thread keeps setgid bits that the kernel would clear because it does not know the caller's
/// supplementary groups. For callers who are known to be in the node's group.
class KeepSetgid {
 public:
  explicit KeepSetgid(bool keep);
  ~KeepSetgid();
  KeepSetgid(const KeepSetgid&) = delete;
  KeepSetgid& operator=(const KeepSetgid&) = delete;

 private:
  bool raised_ = false;
};

}  // namespace acefs::backing
