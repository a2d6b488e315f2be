// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <functional>
#include <istream>
#include <memory>
#include <string>

#include "acefs/acl/text.hpp"
#include "common/listing.hpp"

namespace acefs::tool::acectl {

/// A text of ACLs as dump prints it, read one node after the other and as often as needed.
class DumpFile {
 public:
  /// "-": `in`, which is copied to a temporary file first. An error is a whole sentence.
  static Result<DumpFile, std::string> open(const std::string& name, std::istream& in);

  /// Reads all of it: how many nodes there are, or what is wrong in one line that names file, line, value and what was expected.
  Result<std::size_t, std::string> check(const acl::RoleLookup& roles);
  /// Visits the nodes from the first on until `visit` returns false. Only after check() found nothing wrong.
  void each(const acl::RoleLookup& roles, const std::function<bool(const ListedNode&)>& visit);

 private:
  std::string at(const ListingError& error) const;

  std::string name_;
  std::unique_ptr<std::ifstream> file_;
};

}  // namespace acefs::tool::acectl
