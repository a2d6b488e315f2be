// SPDX-License-Identifier: MIT
#include "explain.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <ostream>

#include "acefs/acl/text.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "explanation.hpp"
#include "operation.hpp"

namespace acefs::tool::acectl {

namespace {

/// What is told when the question cannot be answered.
struct CannotTell {
  std::string about;
  std::string message;
  Exit exit = Exit::Unknown;
};

struct Opened {
  Node node;
  std::shared_ptr<Tree> tree;
  Chain chain;
};

Result<Opened, CannotTell> open_chain(Trees& trees, const std::string& path, Settings& settings) {
  auto node = open_node(AT_FDCWD, path, Symlinks::Stay);
  if (!node) return CannotTell{path, error_text(node.status().errno_value())};
  const auto tree = trees.of(*node);
  if (!tree) return CannotTell{path, "root of the tree: " + error_text(tree.status().errno_value())};
  auto chain = Chain::open(*node, **tree, settings.principals());
  if (!chain) return CannotTell{"", chain.error()};
  return Opened{*std::move(node), *tree, *std::move(chain)};
}

struct Answer {
  std::string user;
  Asked asked;
  std::vector<std::string> names;  ///< what ACEs may call the user
  std::string tree;
  std::string operation;
  std::vector<SegmentView> segments;   ///< of the node, or of the directory where it would be made
  std::vector<SegmentView> to_segments;
  acl::AccessMask effective;  ///< on the last of `segments`
  std::vector<Finding> findings;

  /// The first need that is not given; nullptr: granted.
  const Finding* refusal() const {
    const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return !f.given; });
    return found == findings.end() ? nullptr : &*found;
  }
};

/// Opens what the operation is about and asks for each of its needs.
class Question {
 public:
  Question(const ExplainOptions& options, Settings& settings, Answer& answer)
      : options_(options), settings_(settings), trees_(options.prefix, options.root), answer_(answer) {}

  std::optional<CannotTell> ask() {
    static const Operation raw{"need"};
    const Operation* operation = options_.letters ? &raw : find_operation(options_.operation);
    if (auto failed = open_places(*operation)) return failed;
    const auto needs = options_.letters ? std::vector{letters_need(*options_.letters)} : needs_of(*operation, subject());
    for (const Need& need : needs) {
      for (const Way& way : need.ways)
        if (!places_.contains(way.place)) return CannotTell{options_.path, "is the root of the tree, and has no parent in it"};
      answer_.findings.push_back(find(need, places_, answer_.asked));
    }
    if (operation->has_target)
      answer_.findings.push_back(find_widening(places_.at(Place::Node), places_.at(Place::NewParent), answer_.asked));
    describe();
    return std::nullopt;
  }

 private:
  static Need letters_need(const std::string& letters) {
    return {letters.empty() ? "x on every directory above" : letters,
            {{.place = Place::Node, .letters = acl::mask_of(letters)}},
            EACCES};
  }

  std::optional<CannotTell> open_places(const Operation& operation) {
    const std::string path = without_trailing_slashes(options_.path);
    auto source = open_chain(trees_, operation.makes_node ? directory_of(path) : path, settings_);
    if (!source) return source.error();
    source_ = *std::move(source);
    if (operation.makes_node) {
      if (!source_->node.is_directory()) return CannotTell{source_->node.path, error_text(ENOTDIR)};
      places_[Place::Parent] = {&source_->chain, false};
      return std::nullopt;
    }
    places_[Place::Node] = {&source_->chain, false};
    if (source_->chain.links().size() > 1) places_[Place::Parent] = {&source_->chain, true};
    return operation.has_target ? open_target() : std::nullopt;
  }

  std::optional<CannotTell> open_target() {
    if (options_.to.empty()) {
      if (places_.contains(Place::Parent)) places_[Place::NewParent] = places_[Place::Parent];
      else return CannotTell{options_.path, "is the root of the tree, and has no parent in it"};
      return std::nullopt;
    }
    const std::string to = without_trailing_slashes(options_.to);
    auto parent = open_chain(trees_, directory_of(to), settings_);
    if (!parent) return parent.error();
    if (!parent->node.is_directory()) return CannotTell{parent->node.path, error_text(ENOTDIR)};
    if (parent->chain.links().front().st.st_dev != source_->chain.links().front().st.st_dev ||
        parent->chain.links().front().st.st_ino != source_->chain.links().front().st.st_ino)
      return CannotTell{to, "is not in the same tree"};
    target_parent_ = *std::move(parent);
    places_[Place::NewParent] = {&target_parent_->chain, false};
    auto replaced = open_chain(trees_, to, settings_);
    if (!replaced) return ::faccessat(AT_FDCWD, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT
                              ? std::nullopt
                              : std::optional(replaced.error());
    replaced_ = *std::move(replaced);
    places_[Place::Replaced] = {&replaced_->chain, false};
    return std::nullopt;
  }

  Subject subject() const {
    Subject s;
    const auto is_sticky = [&](Place place) {
      return places_.contains(place) && (places_.at(place).segments().back().mode & S_ISVTX) != 0;
    };
    s.is_directory = places_.contains(Place::Node) && source_->node.is_directory();
    s.replaces = replaced_.has_value();
    s.parent_sticky = is_sticky(Place::Parent);
    s.new_parent_sticky = is_sticky(Place::NewParent);
    if (target_parent_ && source_->chain.links().size() > 1) {
      const ChainLink& parent = source_->chain.links()[source_->chain.links().size() - 2];
      s.changes_parent = !target_parent_->node.same_as(parent.st);
    }
    return s;
  }

  void describe() {
    const auto root = path_of(source_->node);
    std::string tree = root ? *root : source_->node.path;
    const std::string& below = source_->chain.last().path;
    if (tree.ends_with(below)) tree.resize(tree.size() - (below == "/" ? 0 : below.size()));
    answer_.tree = tree.empty() ? "/" : tree;
    answer_.tree += source_->tree->is_mount() ? " (mount)" : " (backing)";
    answer_.segments = view(source_->chain, answer_.asked);
    if (target_parent_) answer_.to_segments = view(target_parent_->chain, answer_.asked);
    const auto segments = source_->chain.segments();
    answer_.effective =
        acl::decide(segments, answer_.asked.who, {{}, answer_.asked.now, std::nullopt}, answer_.asked.profile).effective;
  }

  const ExplainOptions& options_;
  Settings& settings_;
  Trees trees_;
  Answer& answer_;
  std::optional<Opened> source_, target_parent_, replaced_;
  Places places_;
};

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

void print_text(const Answer& answer, Io& io, principal::Accounts& accounts) {
  const acl::Identity& who = answer.asked.who;
  io.out << "user: " << quote_name(answer.user) << " (uid " << who.uid << ", gid " << who.gid << ")\n";
  io.out << "principals:";
  for (const std::string& name : answer.names) io.out << ' ' << quote_name(name);
  io.out << "\ntree: " << quote_name(answer.tree) << '\n';
  print_segments(answer.segments, io, accounts);
  io.out << "effective: " << acl::letters_of(answer.effective) << '\n';
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

}  // namespace

Exit explain(const ExplainOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  auto settings = Settings::load(options.config);
  if (!settings) {
    complaints.error("", settings.error());
    return Exit::Unknown;
  }
  settings->tell_problems(complaints);
  Answer answer;
  answer.user = options.user;
  answer.operation = options.letters ? "need " + *options.letters : options.operation;
  answer.asked = {{}, io.now(), options.profile};
  auto who = settings->resolver().identity_of(options.user, answer.asked.now);
  if (!who) {
    complaints.error("", "no such user: " + quote_name(options.user));
    return Exit::Unknown;
  }
  answer.asked.who = *std::move(who);
  for (const acl::PrincipalId id : answer.asked.who.principals) answer.names.push_back(settings->principals().name(id));
  std::sort(answer.names.begin(), answer.names.end());

  if (const auto failed = Question(options, *settings, answer).ask()) {
    complaints.error(failed->about, failed->message);
    return failed->exit;
  }
  if (options.json) print_json(answer, io);
  else print_text(answer, io, settings->accounts());
  return answer.refusal() == nullptr ? Exit::Ok : Exit::Failed;
}

}  // namespace acefs::tool::acectl
