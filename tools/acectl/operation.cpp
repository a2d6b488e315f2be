// SPDX-License-Identifier: MIT
#include "operation.hpp"

#include <algorithm>
#include <cerrno>
#include <map>

namespace acefs::tool::acectl {

namespace {

using acl::AccessMask;
using acl::Perm;

/// Operations that need letters on the node and nothing else.
struct Simple {
  AccessMask letters;
  int error = EACCES;
};

const std::map<std::string_view, Simple>& simple_operations() {
  static const std::map<std::string_view, Simple> table = {
      {"lookup", {{}}},
      {"stat", {Perm::ReadAttributes}},
      {"getattr", {Perm::ReadAttributes}},
      {"readlink", {Perm::ReadAttributes}},
      {"read", {Perm::ReadData}},
      {"list", {Perm::ReadData}},
      {"readdir", {Perm::ReadData}},
      {"write", {Perm::WriteData}},
      {"readwrite", {Perm::ReadData | Perm::WriteData}},
      {"truncate", {Perm::WriteData}},
      {"execute", {Perm::Execute}},
      {"traverse", {Perm::Execute}},
      {"chmod", {Perm::AddAce, EPERM}},             // the owner always has C
      {"setattr", {Perm::WriteAttributes, EPERM}},  // and T
      {"utimens", {Perm::WriteAttributes, EPERM}},
      {"getxattr", {Perm::ReadNamed}},
      {"listxattr", {Perm::ReadNamed}},
      {"setxattr", {Perm::WriteNamed}},
      {"removexattr", {Perm::WriteNamed}},
      {"getacl", {Perm::ReadAcl}},
      {"addace", {Perm::AddAce, EPERM}},
      {"changeace", {Perm::ChangeAce, EPERM}},
      {"denyace", {Perm::WriteDeny, EPERM}},
  };
  return table;
}

Way letters(Place place, AccessMask mask) { return {.place = place, .letters = mask}; }

/// What is made in a directory: w for files of all kinds, a for directories.
Need make_in(Place parent, bool directory) {
  const std::string where = parent == Place::Parent ? " on the parent" : " on the new parent";
  return {(directory ? "a" : "w") + where, {letters(parent, directory ? Perm::AppendData : Perm::WriteData)}, EACCES};
}

Need delete_of(Place node, Place parent, bool sticky) {
  const std::string which = node == Place::Node ? "" : "replaced ";
  Way by_parent = letters(parent, Perm::DeleteChild);
  by_parent.owner_if_sticky = sticky;
  std::string what = "d on the " + which + "node, or D on its parent";
  if (sticky) what += ", which is sticky: only for who owns either";
  return {what, {letters(node, Perm::Delete), by_parent}, EACCES};
}

std::vector<Need> rename_needs(const Subject& s) {
  std::vector<Need> needs = {delete_of(Place::Node, Place::Parent, s.parent_sticky),
                             make_in(Place::NewParent, s.is_directory)};
  if (s.replaces) needs.push_back(delete_of(Place::Replaced, Place::NewParent, s.new_parent_sticky));
  if (s.is_directory && s.changes_parent)
    needs.push_back({"w on a directory that gets another parent", {letters(Place::Node, Perm::WriteData)}, EACCES});
  return needs;
}

Need owner_or(const std::string& what, std::vector<Way> ways, int error) {
  ways.push_back({.by = Way::By::Root});
  ways.push_back({.by = Way::By::Owner});
  return {what, std::move(ways), error};
}

}  // namespace

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"lookup"},      {"stat"},         {"getattr"},      {"readlink"},
      {"read"},        {"list"},         {"readdir"},      {"write"},
      {"readwrite"},   {"append"},       {"truncate"},     {"execute"},
      {"traverse"},    {"create", true}, {"mknod", true},  {"symlink", true},
      {"mkdir", true}, {"delete"},       {"unlink"},       {"rmdir"},
      {.name = "rename", .has_target = true}, {.name = "link", .has_target = true},
      {"chmod"},       {"chown"},        {"chgrp"},        {"setattr"},
      {"utimens"},     {"touch"},        {"getxattr"},     {"listxattr"},
      {"setxattr"},    {"removexattr"},  {"getacl"},       {"addace"},
      {"changeace"},   {"denyace"},
  };
  return all;
}

const Operation* find_operation(std::string_view name) {
  const auto& all = operations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Operation& o) { return o.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<Need> needs_of(const Operation& operation, const Subject& subject) {
  const std::string_view name = operation.name;
  if (const auto simple = simple_operations().find(name); simple != simple_operations().end()) {
    const auto [mask, error] = simple->second;
    return {{mask.empty() ? "x on every directory above" : acl::letters_of(mask), {letters(Place::Node, mask)}, error}};
  }
  if (name == "create" || name == "mknod" || name == "symlink") return {make_in(Place::Parent, false)};
  if (name == "mkdir") return {make_in(Place::Parent, true)};
  if (name == "delete" || name == "unlink" || name == "rmdir")
    return {delete_of(Place::Node, Place::Parent, subject.parent_sticky)};
  if (name == "rename") return rename_needs(subject);
  if (name == "link")
    return {make_in(Place::NewParent, false),
            owner_or("w on the node, or to own it", {letters(Place::Node, Perm::WriteData)}, EPERM)};
  if (name == "append")
    return {{"w or a", {letters(Place::Node, Perm::WriteData), letters(Place::Node, Perm::AppendData)}, EACCES}};
  if (name == "touch")
    return {{"w or T", {letters(Place::Node, Perm::WriteData), letters(Place::Node, Perm::WriteAttributes)}, EACCES}};
  if (name == "chgrp") return {owner_or("to own the node, for a group of one's own", {}, EPERM)};
  return {{"root", {{.by = Way::By::Root}}, EPERM}};  // chown
}

}  // namespace acefs::tool::acectl
