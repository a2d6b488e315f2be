// SPDX-License-Identifier: MIT
#include "mount_says.hpp"

#include <cerrno>
#include <sstream>

#include "backing/xattrs.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

Result<MountSays> mount_says(const Node& node) {
  MountSays said;
  const auto text = backing::Xattrs(node.fd.get()).get("system.acefs.status");
  const int error = text.status().errno_value();
  if (error == ENODATA || error == EOPNOTSUPP) return said;
  if (!text) return text.status();
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) said.insert_or_assign(line.substr(0, equals), unquote_name(std::string_view(line).substr(equals + 1)));
  }
  return said;
}

}  // namespace acefs::tool::acectl
