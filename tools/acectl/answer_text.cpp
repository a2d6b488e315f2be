// SPDX-License-Identifier: MIT
#include "answer_text.hpp"

#include <cerrno>
#include <ostream>

#include "common/json_text.hpp"
#include "common/quoting.hpp"

namespace acefs::tool::acectl {

namespace {

std::string mode_text(mode_t mode) {
  std::string text = S_ISDIR(mode) ? "d" : S_ISREG(mode) ? "-" : S_ISLNK(mode) ? "l" : "?";
  for (const int shift : {6, 3, 0})
    for (const auto& [bit, letter] : {std::pair{4u, 'r'}, {2u, 'w'}, {1u, 'x'}})
      text += ((mode >> shift) & bit) != 0 ? letter : '-';
  const auto special = [&](mode_t bit, std::size_t at, char with_x, char without_x) {
    if ((mode & bit) != 0) text[at] = text[at] == 'x' ? with_x : without_x;
  };
  special(S_ISUID, 3, 's', 'S');
  special(S_ISGID, 6, 's', 'S');
  special(S_ISVTX, 9, 't', 'T');
  return text;
}

std::string owner_text(const struct stat& st, principal::Accounts& accounts) {
  return quote_name(accounts.user_name(st.st_uid).value_or(std::to_string(st.st_uid))) + ':' +
         quote_name(accounts.group_name(st.st_gid).value_or(std::to_string(st.st_gid)));
}

const char* verb(AceEffect::Kind kind) {
  switch (kind) {
    case AceEffect::Kind::Gives: return "gives";
    case AceEffect::Kind::Takes: return "takes";
    case AceEffect::Kind::Expired: return "expired";
    case AceEffect::Kind::CountsElsewhere: return "does not count here";
    case AceEffect::Kind::Watches: return "watches";
  }
  return "";
}

bool acts(AceEffect::Kind kind) { return kind == AceEffect::Kind::Gives || kind == AceEffect::Kind::Takes; }

void print_segments(const std::vector<SegmentView>& segments, Io& io, principal::Accounts& accounts) {
  for (const SegmentView& segment : segments) {
    io.out << quote_name(segment.path) << "  " << mode_text(segment.st.st_mode) << ' ' << owner_text(segment.st, accounts);
    if (segment.lets_through) io.out << "  traverse: " << (*segment.lets_through ? "yes" : "no");
    io.out << '\n';
    for (const AceEffect& ace : segment.aces) {
      io.out << "    " << ace.entry << "  " << verb(ace.kind);
      if (acts(ace.kind)) io.out << ' ' << acl::letters_of(ace.letters);
      io.out << '\n';
    }
  }
}

const char* error_name(int error) {
  switch (error) {
    case EPERM: return "EPERM";
    case EXDEV: return "EXDEV";
    default: return "EACCES";
  }
}

Json json_of(const std::vector<SegmentView>& segments) {
  Json all = Json::array();
  for (const SegmentView& segment : segments) {
    Json item = {{"path", segment.path},
                 {"mode", mode_text(segment.st.st_mode)},
                 {"uid", segment.st.st_uid},
                 {"gid", segment.st.st_gid},
                 {"aces", Json::array()}};
    if (segment.lets_through) item["traverse"] = *segment.lets_through;
    for (const AceEffect& ace : segment.aces)
      item["aces"].push_back(
          {{"entry", ace.entry}, {"effect", verb(ace.kind)}, {"letters", acl::letters_of(ace.letters)}});
    all.push_back(std::move(item));
  }
  return all;
}

}  // namespace

void print_text(const Answer& answer, Io& io, principal::Accounts& accounts) {
  const acl::Identity& who = answer.asked.who;
  io.out << "user: " << quote_name(answer.user) << " (uid " << who.uid << ", gid " << who.gid << ")\n";
  io.out << "principals:";
  for (const std::string& name : answer.names) io.out << ' ' << quote_name(name);
  io.out << "\ntree: " << quote_name(answer.tree) << '\n';
  for (const std::string& imagined : answer.imagined) io.out << "what if: " << imagined << '\n';
  print_segments(answer.segments, io, accounts);
  io.out << "effective: " << acl::letters_of(answer.effective) << '\n';
  if (answer.bound) io.out << "its user has: " << acl::letters_of(*answer.bound) << '\n';
  if (!answer.to_segments.empty()) {
    io.out << "to:\n";
    print_segments(answer.to_segments, io, accounts);
  }
  for (const Finding& finding : answer.findings)
    io.out << "needs " << quote_name(finding.what) << ": " << (finding.given ? "yes, " : "no, ") << finding.reason << '\n';
  if (const Finding* refusal = answer.refusal())
    io.out << "refused: " << answer.operation << ": " << error_name(refusal->error) << ": " << refusal->reason << '\n';
  else
    io.out << "granted: " << answer.operation << '\n';
}

void print_json(const Answer& answer, Io& io) {
  const Finding* refusal = answer.refusal();
  Json json = {{"user", answer.user},
               {"uid", answer.asked.who.uid},
               {"principals", answer.names},
               {"tree", answer.tree},
               {"operation", answer.operation},
               {"granted", refusal == nullptr},
               {"effective", acl::letters_of(answer.effective)},
               {"segments", json_of(answer.segments)}};
  if (answer.bound) json["user_has"] = acl::letters_of(*answer.bound);
  if (!answer.imagined.empty()) json["what_if"] = answer.imagined;
  if (!answer.to_segments.empty()) json["to_segments"] = json_of(answer.to_segments);
  json["needs"] = Json::array();
  for (const Finding& finding : answer.findings)
    json["needs"].push_back({{"what", finding.what},
                             {"given", finding.given},
                             {"kind", finding.reason_kind},
                             {"path", finding.reason_path},
                             {"reason", finding.reason}});
  if (refusal != nullptr) {
    json["errno"] = error_name(refusal->error);
    json["reason"] = refusal->reason;
  }
  io.out << one_line(json) << '\n';
}

}  // namespace acefs::tool::acectl
