// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <exception>
#include <ostream>

#include "change.hpp"
#include "common/quoting.hpp"
#include "common/settings.hpp"
#include "common/walk.hpp"
#include "entries.hpp"
#include "options.hpp"

namespace acefs::tool::setace {

namespace {

/// Notes on entries that do not depend on the file.
void note_entries(const Edit& asked, const Options& options, acl::TimePoint now, Complaints& complaints) {
  for (const std::string& note : asked.notes) complaints.note("", note);
  for (const NewAce& ace : asked.modify) {
    const std::string who = quote_name(acl::format_key(ace.entry.key));
    if (is_denial_to_reva(ace.entry))
      complaints.note("", who + ": reva does not know D T n N y: it reads an entry of these alone as a denial");
    if (options.traverse && (ace.entry.key.principal == acl::kOwnerWho || ace.entry.key.principal == acl::kGroupWho))
      complaints.note("", who + ": --traverse does nothing for it: above, it is somebody else");
    if (ace.expires != 0 && ace.expires < now) complaints.note("", who + ": expires in the past");
  }
}

Exit restore_all(const Options& options, Io& io, Complaints& complaints, Settings& settings) {
  const auto backup = read_backup(options, io, settings.roles());
  if (!backup) {
    complaints.error("", backup.error());
    return Exit::Usage;
  }
  Trees trees(options.prefix, options.root);
  Changer changer(options, io, complaints, settings);
  for (const ListedNode& node : *backup) changer.restore_node(node, trees);
  return complaints.verdict();
}

Exit edit_all(const Options& options, Io& io, Complaints& complaints, Settings& settings) {
  const auto asked = read_entries(options, io, settings.roles());
  if (!asked) {
    complaints.error("", asked.error());
    return Exit::Usage;
  }
  note_entries(*asked, options, io.now(), complaints);
  Trees trees(options.prefix, options.root);
  Changer changer(options, io, complaints, settings);
  Walk walk(io, complaints, trees, options.walk, [&](Node& node, const std::shared_ptr<Tree>& tree, Walk::Named named) {
    changer.edit_node(node, *tree, *asked);
    if (options.traverse && named == Walk::Named::Yes) changer.let_through(node, *tree, *asked);
  });
  walk.run_all(options.paths);
  return complaints.verdict();
}

Exit run_options(const Options& options, Io& io) {
  Complaints complaints(io, "setace");
  auto settings = load_for_roles(options.config, complaints);
  if (!settings) return Exit::Usage;
  return options.restore ? restore_all(options, io, complaints, *settings)
                         : edit_all(options, io, complaints, *settings);
}

}  // namespace

int run(std::vector<std::string> args, Io& io) {
  Options options;
  try {
    if (const auto exit = parse_options(std::move(args), io, options)) return static_cast<int>(*exit);
    return static_cast<int>(run_options(options, io));
  } catch (const std::exception& e) {
    io.err << "setace: " << e.what() << '\n';
    return static_cast<int>(Exit::Failed);
  }
}

}  // namespace acefs::tool::setace
