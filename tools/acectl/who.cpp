// SPDX-License-Identifier: MIT
// Who has which permissions on a node, and by what.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>
#include <ostream>

#include "command.hpp"
#include "common/json_text.hpp"
#include "common/quoting.hpp"
#include "explanation.hpp"
#include "holders.hpp"
#include "tree_options.hpp"

namespace acefs::tool::acectl {

namespace {

struct WhoOptions {
  TreeOptions tree;
  std::string path;
  bool members = false;
  bool json = false;
};

/// What one principal has.
struct Share {
  Holder holder;
  acl::Decision decision;             ///< with nothing needed: not granted when the way there is closed
  std::vector<SegmentView> segments;  ///< with the ACEs that name him
  std::string closed_at;              ///< directory that he cannot pass; empty: none
  std::optional<acl::AccessMask> bound;  ///< of a token: what its user has, which is the most that it can have

  /// What he can make use of.
  acl::AccessMask letters() const { return decision.granted ? decision.effective : acl::AccessMask(); }
  bool counts(AceEffect::Kind kind) const { return kind == AceEffect::Kind::Gives || kind == AceEffect::Kind::Takes; }
};

Share share_of(Holder holder, const Chain& chain, acl::TimePoint now, const acl::Profile& profile) {
  const Asked asked{holder.who, now, profile};
  const auto segments = chain.segments();
  Share share{std::move(holder), acl::decide(segments, asked.who, {{}, now, std::nullopt}, profile), view(chain, asked), {}, {}};
  if (asked.who.user) share.bound = acl::decide(segments, *asked.who.user, {{}, now, std::nullopt}, profile).effective;
  if (share.decision.reason.kind == acl::ReasonKind::NoTraverse) share.closed_at = chain.links()[share.decision.reason.segment].path;
  return share;
}

const char* kind_name(Holder::Kind kind) {
  switch (kind) {
    case Holder::Kind::User: return "user";
    case Holder::Kind::Token: return "token";
    case Holder::Kind::Group: return "group";
    case Holder::Kind::Everyone: return "everyone";
  }
  return "";
}

/// Where the letters come from, a line each.
void print_sources(const Share& share, const std::string& path, Io& io) {
  const acl::Decision& decision = share.decision;
  if (decision.reason.kind == acl::ReasonKind::GrantedToRoot) {
    io.out << "    root has every permission\n";
    return;
  }
  if (decision.reason.kind == acl::ReasonKind::Refused) io.out << "    disabled or expired\n";
  if (share.bound) {
    const std::string most = acl::letters_of(*share.bound);
    io.out << "    no more than its user has: " << (most.empty() ? "nothing" : most) << '\n';
  }
  if (!share.closed_at.empty()) io.out << "    cannot pass " << quote_name(share.closed_at) << '\n';
  if (!decision.base.empty())
    io.out << "    mode or ownership of " << quote_name(path) << " gives " << acl::letters_of(decision.base) << '\n';
  for (const SegmentView& segment : share.segments) {
    for (const AceEffect& ace : segment.aces) {
      if (!share.counts(ace.kind)) continue;
      io.out << "    " << ace.entry << " on " << quote_name(segment.path)
             << (ace.kind == AceEffect::Kind::Gives ? " gives " : " takes ") << acl::letters_of(ace.letters) << '\n';
    }
  }
}

void print_text(const Share& share, const std::string& path, Io& io) {
  const std::string letters = acl::letters_of(share.letters());
  io.out << quote_name(share.holder.name) << '\t' << (letters.empty() ? "-" : letters);
  if (!share.holder.remark.empty()) io.out << "\t(" << share.holder.remark << ')';
  io.out << '\n';
  print_sources(share, path, io);
}

void print_json(const Share& share, Io& io) {
  const Holder& holder = share.holder;
  Json json = {{"principal", holder.name}, {"kind", kind_name(holder.kind)}, {"effective", acl::letters_of(share.letters())}};
  if (!holder.remark.empty()) json["remark"] = holder.remark;
  if (share.bound) json["user_has"] = acl::letters_of(*share.bound);
  if ((holder.kind == Holder::Kind::User || holder.kind == Holder::Kind::Token) && holder.who.uid != UINT32_MAX) json["uid"] = holder.who.uid;
  if (holder.kind == Holder::Kind::Group && !holder.who.groups.empty()) json["gid"] = holder.who.groups.front();
  json["reason"] = acl::name_of(share.decision.reason.kind);
  if (!share.closed_at.empty()) json["closed_at"] = share.closed_at;
  json["base"] = acl::letters_of(share.decision.base);
  json["from"] = Json::array();
  for (const SegmentView& segment : share.segments) {
    for (const AceEffect& ace : segment.aces) {
      if (!share.counts(ace.kind)) continue;
      json["from"].push_back({{"path", segment.path},
                              {"entry", ace.entry},
                              {"effect", ace.kind == AceEffect::Kind::Gives ? "gives" : "takes"},
                              {"letters", acl::letters_of(ace.letters)}});
    }
  }
  io.out << one_line(json) << '\n';
}

Exit who(const WhoOptions& options, Io& io) {
  Complaints complaints(io, "acectl");
  Trees trees(options.tree.prefix, options.tree.root);
  const auto named = open_named(options.path, trees, Symlinks::Stay);
  if (!named) return complain(named.error(), complaints);
  auto rules = rules_for(options.tree, *named, complaints);
  if (!rules) return complain(rules.error(), complaints);
  const auto chain = Chain::open(named->node, *named->tree, rules->settings.principals());
  if (!chain) return complain({"", chain.error()}, complaints);
  for (Holder& holder : holders_of(*chain, rules->settings, io.now(), options.members)) {
    const Share share = share_of(std::move(holder), *chain, io.now(), rules->profile);
    if (options.json) print_json(share, io);
    else print_text(share, chain->last().path, io);
  }
  return Exit::Ok;
}

}  // namespace

Command add_who(CLI::App& app) {
  const auto options = std::make_shared<WhoOptions>();
  CLI::App* command = app.add_subcommand("who", "Say who has which permissions on a node, and by what");
  command->add_flag("--members", options->members, "Also each member of the groups");
  add_tree_options(*command, options->tree);
  command->add_flag("--json", options->json, "Answer in JSON, a line for each");
  command->add_option("PATH", options->path, "File or directory")->required();
  return {command, [options](Io& io) { return who(*options, io); }};
}

}  // namespace acefs::tool::acectl
