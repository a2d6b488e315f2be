// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "node/node.hpp"

namespace acefs::node {

/// A node's names. Almost every node has one; a file may have more (hard links), a node in use may have lost its last.
/// These take the node's mutex.

bool has_link(Node& node);
/// Whether that is one of its names.
bool has_link(Node& node, const Node& parent, std::string_view name);
bool has_further_links(Node& node);
/// Whether it is not plain by which name one comes to the file: it has several, or lost one lately.
bool is_ambiguous(Node& node);
/// Its name, or one of them; if it lost the last one while in use, that: its chain is judged by where it was. nullptr: the root, or
/// a node that never had one.
LinkPtr link_of(Node& node);
/// The names by which it may be reached now; a single nullptr if there are none. Of many the first and those that were found last: who
/// makes thousands of links must not make every refusal as slow as trying them all.
std::vector<LinkPtr> links_of(Node& node);
inline constexpr std::size_t kMostLinks = 64;
/// Takes away those that are more than that.
std::vector<LinkPtr> take_surplus_links(Node& node);

/// What is to be looked at of a file with several names before any of them counts.
struct NamesDue {
  struct Due {
    LinkPtr link;
    bool look;  ///< also whether it is still the file's name, and not only at the way to it
  };
  std::vector<Due> links;
  bool are_all = false;
};
/// When that stamp of the node and that Proof::epoch count; kNoStamp: nobody vouches for anything.
NamesDue names_due(Node& node, Stamp stamp, std::uint64_t epoch);
/// All that was to be looked at is the file's name, as is what was so when that stamp was taken.
void set_names_bound(Node& node, const NamesDue& due, Stamp stamp);
/// All ways were as they should be; those to names that are found later are, too.
void set_ways_proved(Node& node, std::uint64_t epoch);

/// The name that was its last one, of a node that has none any more.
LinkPtr last_link(Node& node);
/// A node that never had a name is judged by where it would be.
void set_last_link(Node& node, LinkPtr link);

/// Adds a name to a node's names, or makes it the only one of a directory. A name that a file has already is a new link from now on:
/// it was seen to be there.
void add_link(Node& node, LinkPtr link);
/// Removes the name, keeping it as last_link() if it was the last one. True if none is left.
bool remove_link(Node& node, const Node& parent, std::string_view name);
/// The same, unless that name was added again since `link` was read.
bool remove_link(Node& node, const LinkPtr& link);

/// While it lives that name of the node is being moved or removed through the mount: who finds it gone meanwhile has not found a change that
/// nobody knows of. The names must be what they are then before it ends.
class NameMoving {
 public:
  NameMoving(NodePtr node, NodePtr parent, std::string_view name);
  NameMoving(const NameMoving&) = delete;
  NameMoving& operator=(const NameMoving&) = delete;
  ~NameMoving();

 private:
  const NodePtr node_;
  const LinkPtr name_;
};
/// Whether any name of the node is.
bool is_moving(Node& node);
/// Whether the name is the node's as far as anybody knows, and is not being moved.
bool is_settled(Node& node, const LinkPtr& link);

/// Whether its last name went behind the mount, so that a path may still lead to it.
bool lost_its_name(Node& node);
void set_lost_its_name(Node& node);

/// What a look at the node by that name found, for those who come after.
void remember_facts(Node& node, const Facts& facts, const LinkPtr& link, Stamp stamp);
/// Whether that was the name. With the node's mutex held.
bool was_bound(const Node& node, const LinkPtr& link);

}  // namespace acefs::node
