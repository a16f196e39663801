class IndexItems < ActiveRecord::Migration[8.0]
  disable_ddl_transaction!
  def up = execute(File.read(__FILE__.sub(/rb$/, "sql")))
end
