// SPDX-License-Identifier: MIT
#include "chain.hpp"

#include "io.hpp"
#include "quoting.hpp"

namespace acefs::tool {

namespace {

/// What cannot be known of `node`, as a sentence.
std::string unknown(const Node& node, const std::string& why) {
  const auto path = path_of(node);
  return quote_name(path ? *path : node.path) + ": " + why;
}

Result<ChainLink, std::string> link_of(const Node& node, const Tree& tree, acl::PrincipalTable& principals) {
  if (!node.can_have_acl()) return ChainLink{{}, node.st, {}};
  const auto all = tree.shows_all(node);
  if (!all) return unknown(node, error_text(all.status().errno_value()));
  if (!*all) return unknown(node, "its ACL may not be read");
  const auto grants = tree.read(node);
  if (!grants) return unknown(node, "grants: " + error_text(grants.status().errno_value()));
  return ChainLink{{}, node.st, acl::Acl(parse_grants(*grants), node.is_directory(), principals)};
}

acl::Segment segment_of(const ChainLink& link) {
  return {&link.acl, S_ISDIR(link.st.st_mode), link.st.st_mode & 07777, link.st.st_uid, link.st.st_gid};
}

}  // namespace

Result<Chain, std::string> Chain::open(const Node& node, const Tree& tree, acl::PrincipalTable& principals) {
  const auto above = tree.ancestors(node);
  if (!above && above.status().errno_value() == ENOENT)
    return unknown(node, "the root of the tree is not known, or this is not below it (give --root)");
  if (!above) return unknown(node, error_text(above.status().errno_value()));

  Chain chain;
  const auto root_path = path_of(above->empty() ? node : above->front());
  if (!root_path) return unknown(node, error_text(root_path.status().errno_value()));
  const auto add = [&](const Node& segment) -> std::string {
    auto link = link_of(segment, tree, principals);
    if (!link) return link.error();
    const auto path = path_of(segment);
    if (!path) return unknown(segment, error_text(path.status().errno_value()));
    link->path = path->size() > root_path->size() && root_path->size() > 1 ? path->substr(root_path->size())
                 : root_path->size() > 1                                   ? "/"
                                                                           : *path;
    chain.links_.push_back(*std::move(link));
    return {};
  };
  for (const Node& segment : *above)
    if (std::string error = add(segment); !error.empty()) return error;
  if (std::string error = add(node); !error.empty()) return error;
  return chain;
}

Result<bool, std::string> Chain::enter(const Node& child, const std::string& name, const Tree& tree,
                                       acl::PrincipalTable& principals) {
  auto link = link_of(child, tree, principals);
  if (!link) return link.error();
  link->path = join(last().path, name);
  links_.push_back(*std::move(link));
  return true;
}

std::vector<acl::Segment> Chain::segments() const {
  std::vector<acl::Segment> segments;
  for (const ChainLink& link : links_) segments.push_back(segment_of(link));
  return segments;
}

std::vector<acl::Segment> Chain::parent_segments() const {
  std::vector<acl::Segment> segments = this->segments();
  segments.pop_back();
  return segments;
}

}  // namespace acefs::tool
