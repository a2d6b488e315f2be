// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

#include "common/json_text.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

void Report::decide(const Decision& decision) {
  progress_.clear();
  count(decision.verb);
  if (!json_) {
    io_.out << decision.verb << '\t' << quote_name(decision.path) << '\t' << decision.what << '\t'
            << quote_name(decision.reason) << '\n';
    return;
  }
  Json line = {{"job", job_},           {"decision", decision.verb}, {"kind", decision.kind},
               {"path", decision.path}, {"path_hex", to_hex(decision.path)}};
  if (!decision.what.empty()) line["entry"] = decision.what;
  line["reason"] = decision.reason;
  io_.out << one_line(line) << '\n';
}

void Report::count(std::string_view what, std::uint64_t by) {
  const auto known = std::find_if(counts_.begin(), counts_.end(), [&](const auto& item) { return item.first == what; });
  if (known != counts_.end()) known->second += by;
  else counts_.emplace_back(what, by);
}

std::uint64_t Report::counted(std::string_view what) const {
  const auto known = std::find_if(counts_.begin(), counts_.end(), [&](const auto& item) { return item.first == what; });
  return known == counts_.end() ? 0 : known->second;
}

void Report::summary(std::ostream& out, bool dry_run) {
  progress_.clear();
  if (json_) {
    Json counts = Json::object();
    for (const auto& [what, number] : counts_) counts[what] = number;
    out << one_line({{"job", job_},
                     {"summary", true},
                     {"dry_run", dry_run},
                     {"nodes", progress_.nodes()},
                     {"counts", std::move(counts)},
                     {"seconds", progress_.seconds()},
                     {"rate", progress_.rate()}})
        << '\n';
    return;
  }
  out << "# " << job_ << (dry_run ? " (dry run): " : ": ") << progress_.nodes() << " nodes";
  for (const auto& [what, number] : counts_) out << ", " << number << ' ' << what;
  std::array<char, 64> time{};
  std::snprintf(time.data(), time.size(), ", %.1f s, %.0f nodes/s", progress_.seconds(), progress_.rate());
  out << time.data() << '\n';
}

}  // namespace acefs::tool::acectl
