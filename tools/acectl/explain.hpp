// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "acefs/acl/decide.hpp"
#include "acefs/backing/grants.hpp"
#include "common/io.hpp"

namespace acefs::tool::acectl {

struct ExplainOptions {
  std::string user;
  std::string operation;              ///< or
  std::optional<std::string> letters; ///< a raw set of them on the node
  std::string path;
  std::string to;                     ///< rename, link: the new name; empty: another name in the same directory
  std::optional<std::string> root;
  std::string prefix{backing::kDefaultPrefix};
  std::string config;
  acl::Profile profile;
  bool json = false;
};

/// Says whether `user` may do something to `path`, and why.
Exit explain(const ExplainOptions& options, Io& io);

}  // namespace acefs::tool::acectl
