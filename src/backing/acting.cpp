// SPDX-License-Identifier: MIT
#include "backing/acting.hpp"

#include <grp.h>
#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <memory>

namespace acefs::backing {
namespace {

struct CapFree {
  void operator()(cap_t caps) const { cap_free(caps); }
};
using Caps = std::unique_ptr<std::remove_pointer_t<cap_t>, CapFree>;

bool has(cap_t caps, cap_value_t value) {
  cap_flag_value_t set = CAP_CLEAR;
  return cap_get_flag(caps, value, CAP_EFFECTIVE, &set) == 0 && set == CAP_SET;
}

bool g_can_act = false;  // written before threads start

/// What the kernel holds for this thread. Unknown at first: a thread inherits the state of the one that started it,
/// and libfuse starts its workers from workers.
struct ThreadState {
  bool known = false;
  uid_t uid = 0;
  gid_t gid = 0;
  bool fsetid = true;
};
thread_local ThreadState t_state;

Caps g_with_fsetid;
Caps g_without_fsetid;

void set_fsetid(bool wanted) {
  if (t_state.known && t_state.fsetid == wanted) return;
  // Cannot fail: both sets lie within what the process has.
  if (cap_set_proc((wanted ? g_with_fsetid : g_without_fsetid).get()) == 0) t_state.fsetid = wanted;
}

}  // namespace

Status prepare_acting() {
  const Caps caps(cap_get_proc());
  if (!caps) return Status::last();
  if (!has(caps.get(), CAP_DAC_OVERRIDE)) return Status::ok();
  for (const cap_value_t needed : {CAP_SETPCAP, CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_FOWNER, CAP_FSETID}) {
    if (!has(caps.get(), needed)) return Status::from(EPERM);
  }
  // The daemon's own groups would count as the caller's where the kernel asks for them.
  if (::setgroups(0, nullptr) < 0) return Status::last();
  if (::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0) return Status::last();
  const cap_value_t dropped = CAP_SYS_RESOURCE;
  cap_set_flag(caps.get(), CAP_EFFECTIVE, 1, &dropped, CAP_CLEAR);
  cap_set_flag(caps.get(), CAP_PERMITTED, 1, &dropped, CAP_CLEAR);
  cap_set_flag(caps.get(), CAP_INHERITABLE, 1, &dropped, CAP_CLEAR);
  if (cap_set_proc(caps.get()) < 0) return Status::last();
  g_with_fsetid.reset(cap_dup(caps.get()));
  const cap_value_t fsetid = CAP_FSETID;
  cap_set_flag(caps.get(), CAP_EFFECTIVE, 1, &fsetid, CAP_CLEAR);
  g_without_fsetid.reset(cap_dup(caps.get()));
  if (!g_with_fsetid || !g_without_fsetid) return Status::from(ENOMEM);
  g_can_act = true;
  return Status::ok();
}

bool can_act() { return g_can_act; }

void act_as(uid_t uid, gid_t gid) {
  if (!g_can_act) return;
  if (!t_state.known || t_state.uid != uid) {
    ::setfsuid(uid);
    t_state.uid = uid;
  }
  if (!t_state.known || t_state.gid != gid) {
    ::setfsgid(gid);
    t_state.gid = gid;
  }
  set_fsetid(uid == 0);
  t_state.known = true;
}

ActAs::ActAs(uid_t uid, gid_t gid) : uid_(t_state.uid), gid_(t_state.gid) { act_as(uid, gid); }
ActAs::~ActAs() { act_as(uid_, gid_); }

LoseSetid::LoseSetid() {
  if (!g_can_act || !t_state.known || !t_state.fsetid) return;
  set_fsetid(false);
  lowered_ = true;
}
LoseSetid::~LoseSetid() {
  if (lowered_) set_fsetid(true);
}

KeepSetgid::KeepSetgid(bool keep) {
  if (!keep || !g_can_act || !t_state.known || t_state.fsetid) return;
  set_fsetid(true);
  raised_ = true;
}
KeepSetgid::~KeepSetgid() {
  if (raised_) set_fsetid(false);
}

}  // namespace acefs::backing
