// SPDX-License-Identifier: MIT
#include "fuse/handlers.hpp"
#include "fuse/serve.hpp"

namespace acefs::fuse {

fuse_entry_param param_of(const Server& server, const fs::Entry& entry, const KernelCache::Hold& hold) {
  fuse_entry_param e{};
  e.ino = static_cast<fuse_ino_t>(entry.id);
  e.generation = server.generation;
  e.attr = entry.attr.st;
  e.attr_timeout = hold.attributes(entry.id, entry.for_everyone);
  e.entry_timeout = entry.must_be_looked_up() ? 0 : server.name_timeout;
  return e;
}

int reply_entry(fuse_req_t req, const fs::Entry& entry, const KernelCache::Hold& hold) {
  Server& server = server_of(req);
  if (entry.id == node::NodeId{}) {
    fuse_entry_param absent{};
    absent.entry_timeout = hold.absence();
    if (absent.entry_timeout > 0) {
      fuse_reply_entry(req, &absent);
    } else {
      fuse_reply_err(req, ENOENT);
    }
    return ENOENT;  // to whoever asked it is that in either form
  }
  const fuse_entry_param e = param_of(server, entry, hold);
  if (fuse_reply_entry(req, &e) == -ENOENT) server.ops.forget(entry.id, 1);
  return 0;
}

namespace {
auto with_entry(fuse_req_t req, const KernelCache::Hold& hold) {
  return [req, &hold](const Result<fs::Entry>& entry) { return reply_entry(req, *entry, hold); };
}
}  // namespace

void op_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "lookup", [&](fs::Ops& ops, const fs::Request& rq) { return ops.lookup(rq, id_of(parent), name); }, with_entry(req, hold));
}

void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count) {
  Server& server = server_of(req);
  if (server.ops.forget(id_of(ino), count)) server.cache.forget(id_of(ino));
  fuse_reply_none(req);
}

void op_forget_multi(fuse_req_t req, size_t count, fuse_forget_data* forgets) {
  Server& server = server_of(req);
  for (size_t i = 0; i < count; ++i) {
    if (server.ops.forget(id_of(forgets[i].ino), forgets[i].nlookup)) server.cache.forget(id_of(forgets[i].ino));
  }
  fuse_reply_none(req);
}

void op_mknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t device) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "mknod", [&](fs::Ops& ops, const fs::Request& rq) { return ops.mknod(rq, id_of(parent), name, mode, device); },
        with_entry(req, hold));
}

void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "mkdir", [&](fs::Ops& ops, const fs::Request& rq) { return ops.mkdir(rq, id_of(parent), name, mode); }, with_entry(req, hold));
}

void op_symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "symlink", [&](fs::Ops& ops, const fs::Request& rq) { return ops.symlink(rq, target, id_of(parent), name); },
        with_entry(req, hold));
}

void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name) {
  const KernelCache::Hold hold(server_of(req).cache);
  serve(req, "link", [&](fs::Ops& ops, const fs::Request& rq) { return ops.link(rq, id_of(ino), id_of(new_parent), new_name); },
        with_entry(req, hold));
}

void op_unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
  serve(req, "unlink", [&](fs::Ops& ops, const fs::Request& rq) { return ops.unlink(rq, id_of(parent), name); });
}

void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
  serve(req, "rmdir", [&](fs::Ops& ops, const fs::Request& rq) { return ops.rmdir(rq, id_of(parent), name); });
}

void op_rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name, unsigned flags) {
  serve(req, "rename", [&](fs::Ops& ops, const fs::Request& rq) {
    return ops.rename(rq, id_of(parent), name, id_of(new_parent), new_name, flags);
  });
}

void op_readlink(fuse_req_t req, fuse_ino_t ino) {
  serve(req, "readlink", [&](fs::Ops& ops, const fs::Request& rq) { return ops.readlink(rq, id_of(ino)); },
        [req](const Result<std::string>& target) { fuse_reply_readlink(req, target->c_str()); });
}

}  // namespace acefs::fuse
