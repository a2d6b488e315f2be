// SPDX-License-Identifier: MIT
#include "entries.hpp"

#include <cerrno>
#include <fstream>
#include <istream>
#include <sstream>

#include "common/quoting.hpp"
#include "common/time_text.hpp"

namespace acefs::tool::setace {

namespace {

using acl::GrantKey;

/// Runs `read` on the stream that `name` names.
template <typename Read>
auto with_file(const std::string& name, Io& io, Read&& read) -> decltype(read(io.in)) {
  if (name == "-") return read(io.in);
  std::ifstream file(name, std::ios::binary);
  if (!file) return quote_name(name) + ": " + error_text(errno);
  return read(file);
}

std::string shown_name(const std::string& file) { return file == "-" ? "standard input" : quote_name(file); }

std::string at_offset(std::string_view about, const ParseError& error) {
  return quote_name(about) + ": " + error.message + " at " + std::to_string(error.offset);
}

std::string at_line(const std::string& file, const ListingError& error) {
  return shown_name(file) + ':' + std::to_string(error.line) + ": " + error.message;
}

/// What all entries of one reading share.
struct Common {
  std::optional<acl::TimePoint> expires;
  std::optional<std::string> label;
};

Result<std::vector<NewAce>, std::string> from_text(const std::string& text, const std::string& where,
                                                   const Common& common, const acl::RoleLookup& roles) {
  auto entries = acl::parse_entries(text, roles);
  if (!entries) return where + at_offset(text, entries.error());
  std::vector<NewAce> aces;
  for (acl::TextEntry& entry : *entries) aces.push_back({std::move(entry), common.expires.value_or(0), common.label});
  return aces;
}

/// The expiry and label that a listing gives an entry hold, unless the command line gives others.
Result<std::vector<NewAce>, std::string> from_file(const std::string& name, const Common& common, Io& io,
                                                   const acl::RoleLookup& roles, std::vector<std::string>& notes) {
  using All = Result<std::vector<NewAce>, std::string>;
  return with_file(name, io, [&](std::istream& in) -> All {
    auto listed = parse_listing(in, roles);
    if (!listed) return at_line(name, listed.error());
    std::vector<NewAce> aces;
    for (ListedGrant& grant : *listed) {
      if (grant.malformed) notes.push_back(quote_name(grant.key) + ": malformed where it was listed, taken as a full denial");
      aces.push_back({std::move(grant.entry), common.expires ? *common.expires : grant.expires.value_or(0),
                      common.label ? common.label : grant.label});
    }
    return aces;
  });
}

/// Cuts at each ',' and newline that no backslash precedes; '#' begins a comment.
std::vector<std::string_view> split_who(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && std::string_view(",\n#").find(text[end]) == std::string_view::npos)
      end += text[end] == '\\' ? 2 : 1;
    end = std::min(end, text.size());
    std::string_view part = text.substr(0, end);
    if (end < text.size() && text[end] == '#') end = std::min(text.find('\n', end), text.size());
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto first = part.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) continue;
    parts.push_back(part.substr(first, part.find_last_not_of(" \t\r") - first + 1));
  }
  return parts;
}

Result<std::vector<GrantKey>, std::string> who_in(std::string_view text, const std::string& where) {
  std::vector<GrantKey> keys;
  for (const std::string_view part : split_who(text)) {
    auto key = acl::parse_who(part);
    if (!key) return where + at_offset(part, key.error());
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<std::vector<GrantKey>, std::string> who_in_file(const std::string& name, Io& io) {
  using All = Result<std::vector<GrantKey>, std::string>;
  return with_file(name, io, [&](std::istream& in) -> All {
    std::ostringstream text;
    text << in.rdbuf();
    return who_in(text.str(), shown_name(name) + ": ");
  });
}

template <typename T>
bool append(std::vector<T>& to, Result<std::vector<T>, std::string> more, std::string& error) {
  if (!more) {
    error = more.error();
    return false;
  }
  to.insert(to.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  return true;
}

}  // namespace

namespace {

/// Whether a grant can hold the text: '=' ends a value in the stored form.
bool is_storable(const std::string& text) {
  acl::Ace ace;
  ace.type = "A";
  ace.permissions = "r";
  ace.principal = "u:x";
  ace.creator = ace.label = text;
  const auto read = acl::decode({acl::KeyKind::Plain, ace.principal}, acl::encode(ace));
  return read && *read == ace;
}

std::string not_storable(const std::string& option, const std::string& text) {
  return option + ' ' + quote_name(text) + ": cannot be stored (is there a '=' in it?)";
}

}  // namespace

Result<Edit, std::string> read_entries(const Options& options, Io& io, const acl::RoleLookup& roles) {
  Edit edit;
  Common common{std::nullopt, options.label};
  if (options.expires) {
    const auto expires = parse_expiry(*options.expires, io.now());
    if (!expires) return "--expires " + at_offset(*options.expires, expires.error());
    common.expires = *expires;
  }
  if (options.label && !is_storable(*options.label)) return not_storable("--label", *options.label);
  if (options.creator && !is_storable(*options.creator)) return not_storable("--creator", *options.creator);
  const bool one_file = options.paths.size() == 1 && options.paths.front() != "-";
  const std::string where = one_file ? quote_name(options.paths.front()) + ": " : "";
  std::string error;
  edit.remove_all = options.remove_all || !options.set.empty() || !options.set_files.empty();
  for (const std::string& text : options.remove)
    if (!append(edit.remove, who_in(text, where), error)) return error;
  for (const std::string& file : options.remove_files)
    if (!append(edit.remove, who_in_file(file, io), error)) return error;
  for (const auto* texts : {&options.set, &options.modify})
    for (const std::string& text : *texts)
      if (!append(edit.modify, from_text(text, where, common, roles), error)) return error;
  for (const auto* files : {&options.set_files, &options.modify_files})
    for (const std::string& file : *files)
      if (!append(edit.modify, from_file(file, common, io, roles, edit.notes), error)) return error;
  return edit;
}

Result<std::vector<ListedNode>, std::string> read_backup(const Options& options, Io& io, const acl::RoleLookup& roles) {
  using All = Result<std::vector<ListedNode>, std::string>;
  return with_file(*options.restore, io, [&](std::istream& in) -> All {
    auto nodes = parse_backup(in, roles);
    if (!nodes) return at_line(*options.restore, nodes.error());
    return *std::move(nodes);
  });
}

}  // namespace acefs::tool::setace
