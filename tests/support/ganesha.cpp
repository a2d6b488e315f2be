// SPDX-License-Identifier: MIT
#include "ganesha.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "nodes.hpp"

namespace acefs::test {
namespace {

std::string url(uid_t uid, const std::string& name) {
  const std::string number = std::to_string(uid);
  return "nfs://127.0.0.1/data/" + name + "?version=4&uid=" + number + "&gid=" + number;
}

std::string configuration(const std::string& path, const std::string& recovery) {
  // The last is for root without CAP_SYS_RESOURCE; releases that do not know it say so, and go on.
  return "NFS_CORE_PARAM { Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; Allow_Set_Io_Flusher_Fail = true; }\n"
         "NFSV4 { Graceless = true; Only_Numeric_Owners = true; RecoveryRoot = \"" + recovery + "\"; }\n"
         "EXPORT {\n"
         "  Export_Id = 1;\n"
         "  Path = \"" + path + "\";\n"
         "  Pseudo = /data;\n"
         "  Access_Type = RW;\n"
         "  Squash = No_Root_Squash;\n"
         "  SecType = sys;\n"
         "  Protocols = 4;\n"
         "  Transports = TCP;\n"
         "  FSAL { Name = VFS; }\n"
         "}\n";
}

}  // namespace

std::optional<std::string> why_no_ganesha() {
  for (const char* program : {"ganesha.nfsd", "nfs-cat", "nfs-cp", "nfs-ls"}) {
    if (find_program(program).empty()) return std::string("no ") + program;
  }
  return std::nullopt;
}

Ganesha::Ganesha(const std::string& path) {
  enter_network_namespace();
  make_dir(place_.at("recovery"), 0755);
  spill(place_.at("conf"), configuration(path, place_.at("recovery")), O_WRONLY | O_CREAT | O_TRUNC);
  service_.emplace(Command{{"ganesha.nfsd", "-F", "-C", "-L", "STDOUT", "-N", "NIV_EVENT", "-f", place_.at("conf"), "-p",
                            place_.at("pid")},
                           {}},
                   "NFS SERVER INITIALIZED");
}

Outcome Ganesha::cat(uid_t uid, const std::string& name) const { return run_program({{"nfs-cat", url(uid, name)}, {}}); }

Outcome Ganesha::put(uid_t uid, const std::string& local, const std::string& name) const {
  return run_program({{"nfs-cp", local, url(uid, name)}, {}});
}

Outcome Ganesha::list(uid_t uid, const std::string& name) const { return run_program({{"nfs-ls", url(uid, name)}, {}}); }

}  // namespace acefs::test
