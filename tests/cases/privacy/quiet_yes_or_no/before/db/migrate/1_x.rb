class AddToUsers < ActiveRecord::Migration[7.1]
  def change
    add_column :shops, :size, :integer
  end
end
