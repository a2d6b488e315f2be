// SPDX-License-Identifier: MIT
#include "nfs4/serve.hpp"

#include "nfs4/lines.hpp"

namespace acefs::nfs4 {

Outcome<AceList> serve(const acl::Acl& stored, const Facts& facts, acl::TimePoint now, const Names& names, Form form) {
  auto lines = lines_of(stored, facts, now, names, form);
  if (!lines) return lines.error();
  AceList acl;
  acl.reserve(lines->size());
  for (Line& line : *lines) acl.push_back(std::move(line.ace));
  return acl;
}

}  // namespace acefs::nfs4
