// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/acl/ace.hpp"
#include "acefs/acl/text.hpp"
#include "acefs/base/result.hpp"

namespace acefs::tool {

/// A grant as a line of a listing: the entry, then what the entry does not say, which setace reads back:
///
///     u:alice:rw #expires=2027-01-01T00:00:00Z creator=root label="for the audit"
///     g:staff:@editor #permissions=rwaxd creator=root
///
/// What that form cannot express exactly is given as bytes too: `raw=HEX` behind an entry that means the same, or, when no
/// entry does (a malformed grant, above all), a line of its own, `#raw KEY VALUE`, below a comment for the reader.
struct ListingStyle {
  acl::TimePoint now = 0;                                                    ///< marks what has expired
  std::function<std::optional<std::string>(const acl::Ace&)> role;           ///< name of the role with these letters, to be shown for a grant that remembers none
};
std::string format_grant(const acl::Grant& grant, const ListingStyle& style);

/// A grant as read from a listing.
struct ListedGrant {
  acl::TextEntry entry;  ///< for a malformed grant: the full denial that it counts as
  std::string key;       ///< what follows the prefix
  std::string value;     ///< exactly as it was listed
  std::optional<acl::TimePoint> expires;
  std::optional<std::string> label;
  bool malformed = false;
};

struct ListingError {
  std::size_t line = 0;
  std::string message;
  std::string text;  ///< the line itself
};

/// The grants on one line: none (blank, or a comment), one, or several separated by ','.
Parsed<std::vector<ListedGrant>> parse_line(std::string_view line, const acl::RoleLookup& roles);

/// All lines of a file that lists grants, as `-M` takes it.
Result<std::vector<ListedGrant>, ListingError> parse_listing(std::istream& in, const acl::RoleLookup& roles);

/// The part of a listing that a `# file:` line begins.
struct ListedNode {
  std::string path;
  std::vector<ListedGrant> grants;
  std::size_t line = 0;  ///< of its `# file:`
};

/// Reads what getace printed one node after the other, so that only one is held. A grant before the first `# file:`, and the same
/// one twice for a node, are errors.
class BackupReader {
 public:
  BackupReader(std::istream& in, const acl::RoleLookup& roles) : in_(in), roles_(roles) {}
  /// Nothing: there are no more.
  Result<std::optional<ListedNode>, ListingError> next();

 private:
  std::istream& in_;
  const acl::RoleLookup& roles_;
  std::size_t number_ = 0;
  std::optional<ListedNode> begun_;  ///< its `# file:` was read
};

/// What getace printed, as `--restore` takes it; all of BackupReader.
Result<std::vector<ListedNode>, ListingError> parse_backup(std::istream& in, const acl::RoleLookup& roles);

}  // namespace acefs::tool
