// SPDX-License-Identifier: MIT
#pragma once

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <type_traits>

#include "backing/acting.hpp"
#include "fuse/server.hpp"

namespace acefs::fuse {

inline Server& server_of(fuse_req_t req) { return *static_cast<Server*>(fuse_req_userdata(req)); }

inline fs::Request request_of(fuse_req_t req, const char* op) {
  static std::atomic<std::uint64_t> requests{0};
  const fuse_ctx* ctx = fuse_req_ctx(req);
  return {.caller = {.uid = ctx->uid, .gid = ctx->gid, .pid = ctx->pid}, .operation = op, .is_in_directory = false,
          .number = requests.fetch_add(1, std::memory_order_relaxed) + 1, .opcode = op};
}

/// As whom the thread runs an operation. What the kernel asks for in nobody's name, and asks nothing of who it is, is run as whoever
/// the thread was last: to become another costs three system calls, and two more to become the caller again.
enum class As { Caller, Anybody };

/// Replies, and returns the errno that was sent, of a `reply` that may send one.
template <typename Reply, typename Done>
int replied_with(Reply& reply, Done& done) {
  if constexpr (std::is_same_v<decltype(reply(done)), int>) {
    return reply(done);
  } else {
    reply(done);
    return 0;
  }
}

/// Runs one operation and replies once: with what `reply` sends for its value, or with its errno. The only place where exceptions end
/// (libfuse is C) and where an error becomes a reply.
template <typename Run, typename Reply>
void serve(fuse_req_t req, OperationName op, Run&& run, Reply&& reply, As as = As::Caller) noexcept {
  int err = EIO;
  Metrics& metrics = server_of(req).metrics;
  const std::uint64_t begun = metrics.begin(op.index);
  try {
    const fs::Request rq = request_of(req, op.text);
    if (as == As::Caller) backing::act_as(rq.caller.uid, rq.caller.gid);
    auto done = run(server_of(req).ops, rq);
    if (done) {
      metrics.count(op.index, begun, replied_with(reply, done));
      return;
    }
    if constexpr (requires { done.errno_value(); }) {
      err = done.errno_value();
    } else {
      err = done.status().errno_value();
    }
    SPDLOG_DEBUG("{}: uid {}: {}", op.text, rq.caller.uid, err);
  } catch (const std::bad_alloc&) {
    err = ENOMEM;
  } catch (const std::exception& e) {
    SPDLOG_ERROR("{}: {}", op.text, e.what());
  } catch (...) {
    SPDLOG_CRITICAL("{}: unknown exception", op.text);
  }
  fuse_reply_err(req, err);
  metrics.count(op.index, begun, err);
}

/// The same for operations whose only reply is success.
template <typename Run>
void serve(fuse_req_t req, OperationName op, Run&& run, As as = As::Caller) noexcept {
  serve(req, op, std::forward<Run>(run), [req](const Status&) { fuse_reply_err(req, 0); }, as);
}

/// A reply with a node: if nobody is left to receive it, the lookup that it counts for is taken back. Returns the errno that was sent, for a node
/// that is not there.
int reply_entry(fuse_req_t req, const fs::Entry& entry, const KernelCache::Hold& hold);
fuse_entry_param param_of(const Server& server, const fs::Entry& entry, const KernelCache::Hold& hold);

inline fs::OpenFile* file_of(const fuse_file_info* fi) { return reinterpret_cast<fs::OpenFile*>(fi->fh); }
inline fs::OpenDir* dir_of(const fuse_file_info* fi) { return reinterpret_cast<fs::OpenDir*>(fi->fh); }
inline node::NodeId id_of(fuse_ino_t ino) { return node::NodeId{ino}; }

}  // namespace acefs::fuse
